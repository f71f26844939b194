"""`python -m bench NAME` measures one thing and prints one JSON line; without a name, all of them."""

import importlib
import json
import pkgutil
import sys
from pathlib import Path


def main(names: list[str]) -> None:
    known = sorted(
        module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if module.name[0] != "_"
    )
    for name in names or known:
        if name not in known:
            sys.exit(f"There is no benchmark {name!r}. Known: {', '.join(known)}.")
        print(json.dumps(importlib.import_module(f"bench.{name}").run()), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
