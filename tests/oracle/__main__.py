"""The closing test of the rulebook: `python -m tests.oracle --histories 1000`.

Each history has events of all kinds over years, and most have smaller minima, so that all thirty
rules find something. Three readings of it must agree: the engine in one go, the engine as a worker
reads (any order, some events twice, batches, behind the clock, everything stored in between), and
the independent oracle. Ends with 1 and the shortest history that shows it where they do not.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from random import Random

from tests.support import histories
from tests.support.oracle import THIRTY, judge
from tests.support.ways_of_reading import (
    against_a_replay,
    against_the_oracle,
    told_until,
    with_all_values,
)

SHOWN_EVERY = 100


def differences(seed: int, broken: Counter[str]) -> Iterator[str]:
    """Read one history in all ways; gives what differs, and counts the rules that it breaks."""
    chance = Random(seed)
    written = histories.whole_history(chance)
    changed = histories.whole_policies(chance)
    as_of = histories.whole_moment(chance, written)
    broken.update({one["rule"] for one in judge(written, as_of, changed, THIRTY)})
    asked = partial(against_the_oracle, as_of=as_of, changed=changed)
    if asked(written):
        kept = histories.smallest(written, asked)
        yield f"history {seed} as of {as_of}, {changed}: {json.dumps(kept, ensure_ascii=False)}"
        yield from asked(kept)
    events, _ = told_until(as_of, written, chance)
    for line in against_a_replay(events, as_of, chance, with_all_values(changed)):
        yield f"history {seed} as of {as_of}, {changed}, by a worker: {line}"


def main(histories_asked: int, first: int) -> int:
    """Read so many histories; gives the exit code."""
    broken: Counter[str] = Counter()
    for count, seed in enumerate(range(first, first + histories_asked), start=1):
        found = list(differences(seed, broken))
        if found:
            sys.stdout.write("\n".join(found) + "\n")
            return 1
        if count % SHOWN_EVERY == 0 or count == histories_asked:
            sys.stdout.write(f"{count} histories: replay, live and oracle agree\n")
            sys.stdout.flush()
    never = sorted(THIRTY - broken.keys())
    for rule in sorted(THIRTY):
        sys.stdout.write(f"  {rule}: broken in {broken[rule]} of them\n")
    return 1 if never else 0


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--histories", type=int, default=1_000, help="how many are read")
    asked.add_argument("--first", type=int, default=0, help="the seed of the first")
    given = asked.parse_args()
    sys.exit(main(given.histories, given.first))
