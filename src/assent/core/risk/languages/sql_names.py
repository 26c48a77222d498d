"""What the names in a statement give away: functions that act, and tables that hold secrets."""

import re
from collections.abc import Mapping

from assent.core.risk.names import names

_SERVICE = names(
    "pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_promote pg_sleep"
    " pg_sleep_for pg_sleep_until sleep benchmark get_lock release_lock release_all_locks"
    " master_pos_wait source_pos_wait wait_for_executed_gtid_set"
)
"""These stop, hold up or steer the server and those who use it."""
_CODE = names(
    "load_extension fts3_tokenizer sys_exec sys_eval sys_get sys_set xp_cmdshell sp_executesql"
    " sp_oacreate openrowset openquery opendatasource external_query executable shell"
    " query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml ts_stat crosstab"
    " crosstabn connectby xpath_table xmltype dbms_xmlgen getxml utl_http utl_file dbms_scheduler"
    " edit"
)
"""These run programs, or text as SQL."""
_FILES = names(
    "pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file load_file lo_import lo_export"
    " writefile readfile fsdir sqlar_compress zipfile"
)
"""These reach files of the server."""
_CHANGE = names(
    "nextval setval set_config http http_get http_post http_put http_delete http_patch lowrite"
    " loread invoke schedule unschedule schedule_in_database run_maintenance"
    " table_import_from_s3 query_export_to_s3"
)
"""These change counters and settings, or reach other systems."""
_PG_PLAIN = ("pg_stat_get_", "pg_last_", "pg_get_", "pg_is_", "pg_postmaster_", "pg_current_")
_PG_ACTS = names(
    "reset terminate cancel create drop write unlink rename sync reload rotate switch promote"
    " advisory replay advance start stop notify export import prewarm sleep set restore clear"
    " read logical file log copy upgrade execute backup"
)
_ACTING = re.compile(
    r"(?:lo_(?!get$)|dblink|system\$|xp_|sp_|add_.*_policy$|remove_.*_policy$|net_http_"
    r"|(?:delete|drop|remove|truncate|purge|create|insert|update|upsert|alter|send|exec|execute"
    r"|run|call|kill|terminate|import|export|write|upload|grant|revoke|destroy|disable|enable"
    r"|refresh|rotate|cancel|set)_)"
)
_PURE = names("set_bit set_byte set_masklen export_set")
_SECRET_TABLES = names(
    "pg_shadow pg_authid pg_user_mapping pg_user_mappings sql_logins syslogins global_priv"
    " user_mapping_options pg_largeobject pg_subscription"
)


def acting(name: str) -> str:
    """The word for what calling the function `name` does besides answering; empty for nothing.

    A function that is not known is taken to answer, unless its name begins with a verb of change.
    """
    called = name.lower()
    if called in _SERVICE or "advisory" in called:
        return "service"
    if called in _CODE or called.startswith(("xp_", "sp_", "utl_", "dbms_")):
        return "code"
    if called in _FILES:
        return "outside" if called in ("lo_export", "writefile") else "secret"
    if called in _CHANGE or (_ACTING.match(called) and called not in _PURE):
        return "external"
    plain = not called.startswith("pg_") or called.startswith(_PG_PLAIN)
    return "" if plain or _PG_ACTS.isdisjoint(called.split("_")) else "external"


def holds_secrets(database: str, table: str) -> bool:
    """Whether the table `database.table` holds passwords."""
    return table.lower() in _SECRET_TABLES or (database.lower(), table.lower()) == (
        "mysql",
        "user",
    )


PRAGMAS = names(
    "table_info table_xinfo table_list index_list index_info index_xinfo foreign_key_list"
    " foreign_key_check database_list collation_list function_list module_list pragma_list"
    " compile_options integrity_check quick_check"
)
"""Those of SQLite that only answer, with an argument or without."""
PRAGMA_VALUES = PRAGMAS | names(
    "user_version schema_version application_id page_count page_size freelist_count encoding"
    " journal_mode synchronous foreign_keys auto_vacuum cache_size busy_timeout data_version"
    " locking_mode temp_store max_page_count mmap_size secure_delete wal_autocheckpoint"
    " recursive_triggers query_only read_uncommitted"
)
"""Those that only answer as long as no value is given."""

READ_FILE: Mapping[str, str] = dict.fromkeys(
    names(
        "read_csv read_csv_auto read_parquet parquet_scan read_json read_json_auto read_ndjson"
        " read_text read_blob sniff_csv parquet_metadata parquet_schema sqlite_scan"
    ),
    "duckdb",
) | {"readfile": "sqlite"}
"""Functions that read the files named by their first argument, in these dialects."""
