"""Clients of databases: asking proceeds; what is deleted, changed elsewhere or not known asks."""

import pytest

from assent.core.risk import RiskClass
from tests.core.risk.stage import assess_script


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("psql -c 'SELECT 1'", id="psql"),
        pytest.param("psql -h localhost -d app -c 'select * from users'", id="psql-here"),
        pytest.param("psql -c '\\dt' app", id="psql-command"),
        pytest.param("psql -l", id="psql-list"),
        pytest.param("mysql -u root -e 'show tables' app", id="mysql"),
        pytest.param("sqlite3 app.db 'SELECT * FROM users'", id="sqlite"),
        pytest.param("sqlite3 app.db .tables", id="sqlite-command"),
        pytest.param("sqlite3 app.db 'CREATE TABLE a (x)'", id="sqlite-adds"),
        pytest.param("sqlite3 :memory: 'create table a(x); drop table a'", id="sqlite-memory"),
        pytest.param("sqlite3 -readonly app.db \"SELECT '$ID'\"", id="sqlite-readonly"),
        pytest.param("duckdb -c 'select 1'", id="duckdb"),
        pytest.param("redis-cli get a", id="redis"),
        pytest.param("redis-cli -h 127.0.0.1 set a b", id="redis-set-here"),
        pytest.param("mongosh --eval 'db.users.find({}).limit(3)'", id="mongo"),
        pytest.param("mongosh --eval 'show dbs'", id="mongo-show"),
    ],
)
def test_asking_proceeds(script: str) -> None:
    assert assess_script(script).risk <= RiskClass.LOW


@pytest.mark.parametrize(
    ("script", "rule"),
    [
        pytest.param("psql -c 'DROP TABLE users'", "external-final", id="psql-drop"),
        pytest.param("psql -c 'UPDATE users SET a = 1'", "external-final", id="psql-update"),
        pytest.param("psql", "interactive", id="psql-prompt"),
        pytest.param("psql -f dump.sql", "unknown", id="psql-file"),
        pytest.param('psql "$DATABASE_URL" -c "select 1"', "unknown", id="psql-unknown-server"),
        pytest.param('psql -c "$SQL"', "unknown-call", id="psql-unknown-text"),
        pytest.param("echo 'drop table a' | psql", "external-final", id="psql-piped"),
        pytest.param("mysql -h localhost -e 'DELETE FROM a'", "external-final", id="mysql-delete"),
        pytest.param("sqlite3 app.db 'DROP TABLE users'", "discard", id="sqlite-drop"),
        pytest.param("sqlite3 app.db '.shell rm -rf build'", "delete", id="sqlite-shell"),
        pytest.param('sqlite3 app.db "$SQL"', "unknown-call", id="sqlite-unknown-text"),
        pytest.param("sqlite3 app.db", "interactive", id="sqlite-prompt"),
        pytest.param(
            "sqlite3 ~/.config/other/a.db 'select 1'", "hidden-home", id="sqlite-of-others"
        ),
        pytest.param("redis-cli FLUSHALL", "external-final", id="redis-flush"),
        pytest.param("redis-cli -h db.example.com set a b", "external", id="redis-set-there"),
        pytest.param("redis-cli", "interactive", id="redis-prompt"),
        pytest.param("mongosh --eval 'db.dropDatabase()'", "external-final", id="mongo-drop"),
        pytest.param('mongosh --eval \'db.a["dr" + "op"]()\'', "external", id="mongo-disguised"),
        pytest.param("mongosh --eval 'db.a.insertOne({})'", "external", id="mongo-insert"),
        pytest.param("mongosh script.js", "code", id="mongo-script"),
    ],
)
def test_the_rest_asks(script: str, rule: str) -> None:
    found = assess_script(script)
    assert found.risk >= RiskClass.MEDIUM
    assert rule in {evidence.rule for evidence in found.evidence}
