"""The image of the services: built in stages from what is pinned, run without rights."""

import re
import tomllib

from tests.support.deployment import DEPLOY, ROOT

DOCKERFILE = (DEPLOY / "docker/Dockerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_image_is_built_in_stages_and_runs_without_rights() -> None:
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(stages) == 2
    assert "# syntax=" not in DOCKERFILE, "a closed network has no frontend to fetch"
    assert all(re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", stage) for stage in stages)
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert re.search(r"^STOPSIGNAL SIGTERM$", last, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\n\s+CMD \[\"python\"", last, re.MULTILINE)
    assert 'ENTRYPOINT ["vbp"]' in last
    assert PROJECT["project"]["scripts"]["vbp"] == "services.cli:main"


def test_what_the_image_is_built_from_is_pinned_and_let_in() -> None:
    let_in = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    for source in (source for line in copied for source in line.split()):
        assert (ROOT / source).exists(), source
        assert source.split("/")[0] in let_in, source
    building = (DEPLOY / "docker/build.lock").read_text(encoding="utf-8")
    for wanted in PROJECT["build-system"]["requires"]:
        assert f"\n{wanted} " in building
    requirements = [line for line in building.splitlines() if re.match(r"\w", line)]
    assert building.count("--hash=sha256:") == len(requirements)
    for option in ("--require-hashes", "--no-deps", "-c requirements.lock"):
        assert option in DOCKERFILE
