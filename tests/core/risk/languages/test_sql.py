"""SQL is read in the dialect it is for, and what is not understood is never harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.risk.findings import Use
from assent.core.risk.languages import read_sql
from assent.core.risk.languages.reading import LIMIT
from assent.core.risk.languages.sql_text import STYLES
from tests.core.risk.languages.reading import is_harmless, words

READS = (
    "SELECT 1",
    "select id, name from users where age > 3 order by name limit 10",
    "SELECT * FROM a JOIN b USING (id) LEFT JOIN c ON a.x = c.x WHERE a.y IN (SELECT y FROM d)",
    "WITH t AS (SELECT 1 AS x) SELECT * FROM t",
    "SELECT count(*), max(created_at) FROM orders GROUP BY status HAVING count(*) > 2",
    "SELECT a FROM t UNION ALL SELECT b FROM u",
    "SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END FROM t",
    "SELECT 'DROP TABLE users; DELETE FROM x'",
    "SELECT 1 -- DROP TABLE users",
    "SELECT /* DROP TABLE users; */ 1",
    "SELECT 1; SELECT 2;",
    'SELECT name AS "delete" FROM t',
    "SELECT coalesce(a, b), lower(name), substr(x, 1, 3) FROM t",
    "SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM t",
    "EXPLAIN SELECT * FROM users",
    "SHOW TABLES",
    "DESCRIBE users",
    "BEGIN; SELECT 1; COMMIT",
    "SELECT deleted, updated_at, created FROM events",
    "SELECT replace(name, 'a', 'b') FROM t",
    "SELECT my_own_function(1)",
    "SELECT has_table_privilege('users', 'DELETE')",
    "",
    "  ;; ",
)

POSTGRES_READS = (
    "SELECT text '100', timetz '04:05:06-08', point '(1,2)', bit varying '101', money '12'",
    "SELECT double precision '1.5', int4range '[1,2)', macaddr '08:00:2b:01:02:03'",
    "SELECT ROW(1, 2) = ROW(1, 2), ARRAY[1, 2] && ARRAY[2], a[1:2] FROM t",
    "SELECT data -> 'a' ->> 'b', data #>> '{a,b}', data @> '{}' FROM t",
    "SELECT data ? 'a', data ?| array['a'], data ?& array['b'], data @? '$.a' FROM t",
    "SELECT '{\"a\":1}'::jsonb - 'a', '[1]'::jsonb || '[2]', x #- '{a}' FROM t",
    "SELECT now() AT TIME ZONE 'UTC', extract(epoch FROM now()), date_trunc('day', now())",
    "SELECT interval '1 year 2 months', date '2001-01-01' + integer '7'",
    "SELECT justify_hours(interval '27 hours'), age(now())",
    "SELECT * FROM generate_series(1, 10) WITH ORDINALITY AS g(i, n)",
    "SELECT count(*) FILTER (WHERE x > 3), percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM t",
    "SELECT lag(x) OVER w FROM t WINDOW w AS (PARTITION BY a ORDER BY b ROWS UNBOUNDED PRECEDING)",
    "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t) SELECT sum(n) FROM t",
    "SELECT DISTINCT ON (a) a FROM t ORDER BY a DESC NULLS LAST",
    "SELECT a FROM t GROUP BY GROUPING SETS ((a), ()), ROLLUP (a)",
    "SELECT x ~* 'a', x !~ 'b', x SIMILAR TO 'c%', x IS DISTINCT FROM y FROM t",
    "SELECT E'it\\'s', $$it's; DROP TABLE x$$, $a$ ; $a$, B'101', X'1F'",
    "SELECT pg_size_pretty(pg_total_relation_size('t')), pg_get_viewdef('v'::regclass)",
    "SELECT pg_backend_pid(), pg_blocking_pids(1), pg_current_logfile(), inet_client_addr()",
    "SELECT has_table_privilege(current_user, t, 'UPDATE') FROM pg_tables",
    "SELECT pg_stat_get_numscans(1), pg_last_wal_replay_lsn(), pg_postmaster_start_time()",
    "SELECT * FROM pg_stat_activity",
    "SELECT * FROM hypopg_reset()",
    "SELECT |/ 25, @ -5, 5 # 3",
    "SELECT current_setting('search_path'), current_user, localtimestamp(2)",
    "SELECT * FROM t, LATERAL (SELECT * FROM u WHERE u.id = t.id) s",
    "TABLE users",
    "VALUES (1, 'one'), (2, 'two')",
    "EXPLAIN (FORMAT JSON, COSTS) SELECT 1",
    "EXPLAIN DELETE FROM users",
    "EXPLAIN (ANALYZE FALSE, VERBOSE) SELECT 1",
    "SELECT json_object('{a, 1}'), json_populate_record(null::t, '{}')",
    "SELECT make_interval(days => 10), has_schema_privilege('s', 'CREATE'), setseed(0.5)",
    "SHOW search_path",
    "BEGIN READ ONLY; SELECT 1; ROLLBACK;",
    "\\dt",
    "\\d+ users",
    "\\x on\nSELECT 1;\n\\l",
    "SELECT 1 \\gx",
    "\\copy (SELECT 1) TO STDOUT",
    "\\c other",
)

MORE_READS = (
    ("sqlite", ".tables"),
    ("sqlite", ".mode column\n.headers on\nSELECT * FROM t;"),
    ("sqlite", ".schema users"),
    ("sqlite", "PRAGMA table_info(users)"),
    ("sqlite", "PRAGMA main.user_version;"),
    ("sqlite", "EXPLAIN QUERY PLAN SELECT * FROM t"),
    ("sqlite", "SELECT json_extract(x, '$.a'), hex(data), [order] FROM t WHERE y LIKE 'a\\' "),
    ("mysql", "SELECT `name` FROM `users` WHERE x = 'it\\'s; DROP TABLE x' # DROP TABLE y"),
    ("mysql", "SHOW CREATE TABLE users\\G"),
    ("mysql", "SELECT 5--1"),
    ("mysql", "USE shop; SELECT * FROM orders;"),
    ("bigquery", "SELECT * FROM `p.d.t` WHERE REGEXP_CONTAINS(x, r'\\d+')"),
    ("tsql", "SELECT TOP 10 [name] FROM [dbo].[users]"),
    ("snowflake", "SELECT data:a.b::string FROM t, LATERAL FLATTEN(input => data)"),
    ("duckdb", "SELECT a FROM 'x.csv' LIMIT 3"),
)

CHANGES = (
    ("DROP TABLE users", "external-final"),
    ("drop index if exists i", "external-final"),
    ("TRUNCATE logs", "external-final"),
    ("DELETE FROM sessions", "external-final"),
    ("DELETE FROM sessions WHERE 1 = 1", "external-final"),
    ("DELETE FROM sessions WHERE true OR id = 3", "external-final"),
    ("UPDATE users SET admin = true", "external-final"),
    ("UPDATE users SET admin = true WHERE id = id", "external-final"),
    ("UPDATE users SET admin = true WHERE id = 3", "external"),
    ("DELETE FROM users WHERE id = 3", "external"),
    ("INSERT INTO t VALUES (1)", "external"),
    ("CREATE TABLE t (id int)", "external"),
    ("ALTER TABLE t ADD COLUMN x int", "external"),
    ("ALTER TABLE t DROP COLUMN x", "external-final"),
    ("GRANT ALL ON *.* TO 'u'@'h'", "privilege"),
    ("CREATE USER x", "privilege"),
    ("SET ROLE admin", "privilege"),
    ("SET search_path TO public", "unknown"),
    ("CREATE FUNCTION f() RETURNS int AS 'x' LANGUAGE sql", "code"),
    ("CREATE EXTENSION dblink", "code"),
    ("DO $$ BEGIN DELETE FROM x; END $$", "code"),
    ("CALL p()", "code"),
    ("VACUUM", "external"),
    ("ANALYZE t", "external"),
    ("REINDEX TABLE t", "external"),
    ("COPY t FROM '/x'", "external"),
    ("COPY t TO PROGRAM 'curl x'", "code"),
    ("EXPLAIN ANALYZE SELECT 1", "unknown"),
    ("EXPLAIN (ANALYZE, BUFFERS) SELECT 1", "unknown"),
    ("SELECT * FROM t FOR UPDATE", "external"),
    ("SELECT * FROM t FOR SHARE SKIP LOCKED", "external"),
    ("SELECT * INTO x FROM t", "external"),
    ("WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", "external-final"),
    ("WITH i AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM i", "external"),
    ("SELECT pg_terminate_backend(3)", "service"),
    ("SELECT pg_sleep(10)", "service"),
    ("SELECT pg_catalog.pg_sleep(10)", "service"),
    ('SELECT "pg_sleep"(10)', "service"),
    ("SELECT PG_Sleep /* x */ (10)", "service"),
    ("SELECT pg_try_advisory_lock(1)", "service"),
    ("SELECT pg_read_file('/etc/passwd')", "secret"),
    ("SELECT lo_import('/etc/passwd')", "secret"),
    ("SELECT * FROM dblink('x', 'DROP TABLE y') AS t(a int)", "external"),
    ("SELECT nextval('s')", "external"),
    ("SELECT set_config('x', 'y', false)", "external"),
    ("SELECT query_to_xml('DELETE FROM x', true, true, '')", "code"),
    ("SELECT pg_stat_reset()", "external"),
    ("SELECT pg_switch_wal()", "external"),
    ("SELECT pg_drop_replication_slot('x')", "external"),
    ("SELECT delete_all_users()", "external"),
    ("SELECT a FROM t WHERE b = (SELECT pg_sleep(1))", "service"),
    ("SELECT * FROM pg_shadow", "secret"),
    ("SELECT passwd FROM pg_catalog.pg_authid", "secret"),
    ("LISTEN x", "unknown"),
    ("BEGIN", "unknown"),
    ("COMMIT", "unknown"),
    ("SELECT 1; ROLLBACK", "unknown"),
    ("PREPARE TRANSACTION 'x'", "code"),
    ("COMMIT PREPARED 'x'", "unknown"),
    ("FROBNICATE x", "unknown"),
    ("SELECT * FROM users INNER JOON posts ON a = b", "unknown"),
    ("SELECT (1", "unknown"),
    ("SELECT 'abc", "unknown"),
    ("SELECT 1 /* abc", "unknown"),
    ("SELECT 1; DROP TABLE users", "external-final"),
    ("SELECT ';'; DROP TABLE users; --'", "external-final"),
    ("SELECT $a$;$b$;$a$; DROP TABLE x", "external-final"),
    ("SELECT 1 \\gexec", "code"),
    ("\\copy t FROM 'x.csv'", "external"),
    ("\\i x.sql", "code"),
    ("\\set x `rm y`", "unknown"),
    ("\\echo `rm y`", "unknown"),
    ("SELECT :x", "unknown"),
    ("SELECT :'x'", "unknown"),
    ("\\x; DROP TABLE users", "unknown"),
    ("\\dt \\\\ DROP TABLE users", "unknown"),
    ('SELECT U&"\\0070g_sleep"(1)', "unknown"),
    ("SELECT ` ; DROP TABLE x; ` ", "unknown"),
)

MORE_CHANGES = (
    ("sqlite", "ATTACH 'x.db' AS y", "external"),
    ("sqlite", "SELECT load_extension('x')", "code"),
    ("sqlite", "SELECT writefile('x', 'y')", "outside"),
    ("sqlite", "SELECT edit('x')", "code"),
    ("sqlite", "PRAGMA journal_mode = WAL", "unknown"),
    ("sqlite", "PRAGMA wal_checkpoint", "unknown"),
    ("sqlite", "PRAGMA writable_schema(1)", "unknown"),
    ("sqlite", ".import x.csv t", "external"),
    ("sqlite", ".load x", "code"),
    ("sqlite", ".read x.sql", "code"),
    ("sqlite", "SELECT 1; .mode ; DROP TABLE x", "external-final"),
    ("sqlite", ".mode '\nDROP TABLE x; --'", "external-final"),
    ("mysql", "SELECT 5--1; DROP TABLE x", "external-final"),
    ("mysql", "SELECT 1 /*! ; DROP TABLE x */", "unknown"),
    ("mysql", "SELECT 1 INTO OUTFILE '/x'", "unknown"),
    ("mysql", "SELECT load_file('/x')", "secret"),
    ("mysql", "LOAD DATA INFILE 'x' INTO TABLE t", "external"),
    ("mysql", "SELECT * FROM mysql.user", "secret"),
    ("mysql", "SELECT sleep(5)", "service"),
    ("mysql", "SELECT sys_exec('x')", "code"),
    ("mysql", "system rm x", "code"),
    ("mysql", "source x.sql", "code"),
    ("mysql", "SELECT 'a\\'; DROP TABLE x; --'; DROP TABLE y", "external-final"),
    ("tsql", "EXEC xp_cmdshell 'x'", "code"),
    ("tsql", "SELECT 1 EXEC xp_cmdshell 'x'", "unknown"),
    ("tsql", "SELECT * FROM a DELETE FROM b", "unknown"),
    ("tsql", "SELECT * FROM openrowset('x', 'y', 'z')", "code"),
    ("bigquery", "SELECT * FROM EXTERNAL_QUERY('c', 'DELETE FROM x')", "code"),
    ("bigquery", "SELECT '''a''; DROP TABLE x; '''", "unknown"),
    ("snowflake", "SELECT SYSTEM$CANCEL_QUERY('x')", "external"),
    ("duckdb", "INSTALL httpfs", "code"),
    ("oracle", "DROP TABLE x", "external-final"),
)


@pytest.mark.parametrize("code", READS)
@pytest.mark.parametrize("dialect", sorted(STYLES))
def test_reading_is_harmless_in_every_dialect(code: str, dialect: str) -> None:
    assert is_harmless(read_sql(code, dialect)), read_sql(code, dialect)


@pytest.mark.parametrize("code", POSTGRES_READS)
def test_postgres_reads(code: str) -> None:
    assert is_harmless(read_sql(code, "postgres")), read_sql(code, "postgres")


@pytest.mark.parametrize(("dialect", "code"), MORE_READS)
def test_reads_of_a_dialect(dialect: str, code: str) -> None:
    assert is_harmless(read_sql(code, dialect)), read_sql(code, dialect)


@pytest.mark.parametrize(("code", "word"), CHANGES)
def test_changes_in_postgres(code: str, word: str) -> None:
    assert word in words(read_sql(code, "postgres"))


@pytest.mark.parametrize(
    ("code", "word"), [each for each in CHANGES if not each[0].startswith("SELECT :")]
)
def test_changes_are_never_harmless_where_the_dialect_is_not_known(code: str, word: str) -> None:
    assert not is_harmless(read_sql(code))


@pytest.mark.parametrize(("dialect", "code", "word"), MORE_CHANGES)
def test_changes_in_a_dialect(dialect: str, code: str, word: str) -> None:
    assert word in words(read_sql(code, dialect))


@pytest.mark.parametrize(
    ("dialect", "code", "script"),
    [
        ("psql", "\\! rm x", "rm x"),
        ("psql", "SELECT 1;\n\\! rm x", "rm x"),
        ("psql", "\\o |sh x", "sh x"),
        ("psql", "SELECT 1 \\g |sh x", "sh x"),
        ("psql", "\\copy t TO PROGRAM 'sh x'", "sh x"),
        ("postgres", "COPY t TO PROGRAM 'sh x'", "sh x"),
        ("sqlite3", ".shell rm x", "rm x"),
        ("sqlite3", ".system rm x", "rm x"),
        ("sqlite3", ".output |sh x", "sh x"),
        ("sqlite3", ".read |sh x", "sh x"),
        ("mysql", "\\! rm x", "rm x"),
    ],
)
def test_shell_scripts_of_clients_are_told(dialect: str, code: str, script: str) -> None:
    assert script in read_sql(code, dialect).shells


@pytest.mark.parametrize(
    ("dialect", "code", "file"),
    [
        ("psql", "\\o out.txt", ("out.txt", Use.WRITE)),
        ("psql", "SELECT 1 \\g out.txt", ("out.txt", Use.WRITE)),
        ("psql", "\\copy (SELECT 1) TO 'x.csv' CSV", ("x.csv", Use.WRITE)),
        ("psql", "\\i x.sql", ("x.sql", Use.READ)),
        ("sqlite3", ".output out.txt", ("out.txt", Use.WRITE)),
        ("sqlite3", ".backup b.db", ("b.db", Use.WRITE)),
        ("sqlite3", ".import x.csv t", ("x.csv", Use.READ)),
        ("sqlite3", "SELECT readfile('x')", ("x", Use.READ)),
        ("duckdb", "SELECT * FROM read_csv('x.csv')", ("x.csv", Use.READ)),
        ("mysql", "\\T log.txt", ("log.txt", Use.WRITE)),
    ],
)
def test_files_of_clients_are_told(dialect: str, code: str, file: tuple[str, Use]) -> None:
    assert file in read_sql(code, dialect).files


def test_the_copied_query_is_read_too() -> None:
    found = read_sql("\\copy (DELETE FROM t RETURNING *) TO STDOUT", "psql")
    assert not is_harmless(found)


@pytest.mark.parametrize(
    "code",
    [
        "SELECT " + "(" * 500 + "1" + ")" * 500,
        "SELECT " + "1," * 5_000 + "1",
        "SELECT " + "-" * 200,
    ],
    ids=["deep", "long", "signs"],
)
def test_what_is_too_deep_or_too_long_is_unknown(code: str) -> None:
    assert words(read_sql(code, "postgres")) <= {"unknown", "read"}
    assert not is_harmless(read_sql("SELECT 1;" + " " * LIMIT))


def test_an_act_points_at_its_statement() -> None:
    code = "SELECT 1; -- first\nDROP TABLE x;"
    spans = [act.span for act in read_sql(code, "postgres").means if act.word == "external-final"]
    assert [code[span[0] : span[1]] for span in spans if span] == ["DROP TABLE x"]


@given(st.text(max_size=200), st.sampled_from([*STYLES, "oracle"]))
def test_any_text_is_answered(code: str, dialect: str) -> None:
    read_sql(code, dialect)


_PIECES = st.lists(
    st.sampled_from(
        [
            *("SELECT", "FROM", "WHERE", "DROP TABLE", "DELETE", "WITH", "AS", "a", "1", "E'"),
            *(
                "'",
                '"',
                "`",
                "$$",
                "$a$",
                ";",
                "--",
                "/*",
                "*/",
                "#",
                "\\",
                "\n",
                "\\!",
                "\n.shell",
            ),
            *("(", ")", "[", "]", ",", ".", "::", ":a"),
        ]
    ),
    max_size=25,
)


@given(_PIECES, st.sampled_from([*STYLES]))
def test_pieces_of_sql_are_answered(pieces: list[str], dialect: str) -> None:
    read_sql(" ".join(pieces), dialect)


@given(
    st.sampled_from([each for each in READS if each.strip(" ;")]),
    st.sampled_from([code for code, word in CHANGES if word.startswith("external")]),
    st.sampled_from([";", ";\n", " ; -- x\n", ";/* x */"]),
    st.booleans(),
)
def test_a_change_joined_to_a_read_is_never_harmless(
    read: str, change: str, joint: str, first: bool
) -> None:
    both = f"{change}\n{joint}{read}" if first else f"{read}\n{joint}{change}"
    assert not is_harmless(read_sql(both, "postgres"))
    assert not is_harmless(read_sql(both))
