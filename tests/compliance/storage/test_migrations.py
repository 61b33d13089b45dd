"""What a migration makes of rows that an earlier version wrote."""

import shutil
from pathlib import Path

import pytest

from services.compliance.storage.schema import MIGRATIONS
from shared.adapters import postgres
from tests.support.kept import TOLD, a_connection

pytestmark = pytest.mark.integration


async def test_areas_are_taken_from_what_was_told_and_counts_elsewhere_become_one(
    bare_database: str, tmp_path: Path
) -> None:
    for file in MIGRATIONS.glob("*.sql"):
        if file.name < "0011":
            shutil.copy(file, tmp_path)
    await postgres.migrate(bare_database, tmp_path, "compliance")
    async with a_connection(bare_database) as connection:
        enrolled = '{{"jurisdiction":"cn-sx","hospital":"H{0}","area":"14010{0}"}}'
        await connection.executemany(
            "INSERT INTO compliance.fact VALUES (0, 0, $1, $2, $3, 's', 'e', $2, NULL, $4)",
            [
                (number, TOLD, "vbp.hospital.enrolled.v1", enrolled.format(number).encode())
                for number in (1, 2)
            ],
        )
        await connection.executemany(
            "INSERT INTO compliance.found_count VALUES ('cn-sx', $1, 'breach', $2, $3)",
            [
                ("late-response", "140101", 1),
                ("late-response", "140199", 2),
                ("late-response", "x", 4),
                ("late-response", "", 8),
                ("coverage-gap", "x", 16),
            ],
        )
        await postgres.migrate(bare_database, MIGRATIONS, "compliance")
        areas = await connection.fetch("SELECT area FROM compliance.enrolled_area ORDER BY 1")
        counts = await connection.fetch(
            "SELECT rule, area, count::int FROM compliance.found_count ORDER BY 1, 2"
        )

    assert [row["area"] for row in areas] == ["140101", "140102"]
    assert [tuple(row) for row in counts] == [
        ("coverage-gap", "other", 16),
        ("late-response", "", 8),
        ("late-response", "140101", 1),
        ("late-response", "other", 6),
    ]
