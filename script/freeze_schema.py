"""Writes down the schema of this version as released; run it once the version is final, and never for an older one."""

import json

from expense_adapters.sql import mariadb_catalog, postgres_catalog, sqlite
from expense_adapters.sql.migrations.released import FOLDER, told
from expense_adapters.sql.schema import VERSION

ENGINES = {"mariadb": mariadb_catalog, "postgresql": postgres_catalog, "sqlite": sqlite}

words = {name: sorted(map(list, told(engine.wanted()))) for name, engine in ENGINES.items()}
parts = [f'"{name}": [\n' + ",\n".join(map(json.dumps, each)) + "\n]" for name, each in words.items()]
(FOLDER / f"{VERSION}.json").write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
