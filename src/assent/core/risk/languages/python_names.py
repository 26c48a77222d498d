"""What the names of Python's own library give away: what is pure, and what each other one does."""

import re
from collections.abc import Mapping
from sys import stdlib_module_names
from typing import TypeAlias

from assent.core.risk.findings import Use
from assent.core.risk.names import names

STDLIB = stdlib_module_names
CAPABLE = names("os subprocess shutil sys builtins socket ctypes importlib pty posix signal")
"""Modules that are found behind other names too: `package.os`."""

PURE_MODULES = names(
    "json re math cmath collections itertools functools datetime textwrap hashlib hmac base64"
    " binascii struct ast string random secrets uuid time calendar zoneinfo decimal fractions"
    " statistics operator typing enum dataclasses copy pprint difflib unicodedata html html.parser"
    " html.entities urllib.parse urllib.error heapq bisect array keyword token zlib csv shlex"
    " fnmatch colorsys numbers abc contextlib traceback warnings platform locale errno stat"
    " sysconfig ipaddress quopri tomllib email email.parser email.policy email.utils"
    " email.header email.message mimetypes graphlib queue collections.abc threading"
    " concurrent concurrent.futures asyncio io os.path glob argparse codecs linecache tokenize"
    " configparser logging tempfile types inspect gzip bz2 lzma __future__ zipfile tarfile"
    " xml xml.etree xml.etree.ElementTree xml.dom xml.dom.minidom xml.sax.saxutils pathlib"
    " sqlite3 http http.client urllib urllib.request importlib importlib.metadata"
    " importlib.util importlib.resources pkgutil site getpass reprlib cProfile timeit"
    " string.templatelib contextvars weakref ssl this"
    " py_compile compileall symtable dis pickle shutil subprocess os sys socket tracemalloc"
    " json.decoder json.encoder unittest doctest builtins gc"
)
"""Modules of which `HARMLESS`, or the tables here, say what can be used."""

GUARDED = names(
    "os sys shutil subprocess socket builtins urllib.request http.client importlib pickle gc"
    " types timeit cProfile py_compile compileall getpass site inspect pkgutil ssl"
    " importlib.util importlib.resources"
)
"""Modules of which only what is named can be used; of the others, whatever is not in `ACTING`."""

HARMLESS = names(
    "os.getcwd os.getpid os.getppid os.getuid os.geteuid os.getgid os.getegid os.getlogin os.sep"
    " os.linesep os.pathsep os.name os.curdir os.pardir os.devnull os.extsep os.altsep"
    " os.cpu_count os.uname os.urandom os.fspath os.fsencode os.fsdecode os.strerror os.isatty"
    " os.get_terminal_size os.stat os.lstat os.fstat os.access os.statvfs os.readlink os.error"
    " os.PathLike os.stat_result os.DirEntry os.getloadavg os.times os.cpu_count os._exit"
    " os.fdopen os.write os.close os.R_OK os.W_OK os.X_OK os.F_OK os.O_RDONLY"
    " os.get_exec_path os.read"
    " os.fsync os.SEEK_SET os.SEEK_END os.SEEK_CUR os.umask os.getpgid os.sched_getaffinity"
    " sys.argv sys.stdin sys.stdout sys.stderr sys.exit sys.version sys.version_info sys.path"
    " sys.platform sys.maxsize sys.byteorder sys.getsizeof sys.getrecursionlimit"
    " sys.setrecursionlimit sys.getdefaultencoding sys.getfilesystemencoding sys.prefix"
    " sys.base_prefix sys.exec_prefix sys.implementation sys.float_info sys.int_info"
    " sys.stdlib_module_names sys.builtin_module_names sys.exc_info sys.getrefcount sys.flags"
    " sys.hexversion sys.api_version sys.maxunicode sys.intern sys.set_int_max_str_digits"
    " sys.orig_argv sys.dont_write_bytecode sys.copyright sys.thread_info sys.hash_info"
    " sys.warnoptions sys.getswitchinterval"
    " shutil.which shutil.get_terminal_size shutil.disk_usage shutil.copyfileobj shutil.Error"
    " shutil.ignore_patterns shutil.SameFileError"
    " subprocess.PIPE subprocess.DEVNULL subprocess.STDOUT subprocess.CalledProcessError"
    " subprocess.TimeoutExpired subprocess.SubprocessError subprocess.CompletedProcess"
    " subprocess.list2cmdline"
    " socket.gethostname socket.getfqdn socket.timeout socket.error socket.gaierror"
    " socket.AF_INET socket.AF_INET6 socket.AF_UNIX socket.SOCK_STREAM socket.SOCK_DGRAM"
    " socket.SOL_SOCKET socket.SO_REUSEADDR socket.inet_aton socket.inet_ntoa socket.inet_pton"
    " socket.ntohs socket.htons socket.ntohl socket.htonl"
    " importlib.metadata importlib.util importlib.resources importlib.metadata.version"
    " importlib.util.find_spec importlib.resources.files"
    " importlib.invalidate_caches"
    " pickle.dumps pickle.HIGHEST_PROTOCOL pickle.PickleError pickle.dump gc.collect"
    " gc.get_count gc.disable gc.enable gc.get_stats gc.get_threshold"
    " types.SimpleNamespace types.MappingProxyType types.ModuleType types.NoneType"
    " getpass.getuser site.getsitepackages site.getusersitepackages site.USER_SITE"
    " inspect.getsource inspect.getsourcelines inspect.getsourcefile inspect.getfile"
    " inspect.signature inspect.getdoc inspect.isclass inspect.isfunction inspect.ismethod"
    " inspect.ismodule inspect.iscoroutinefunction inspect.cleandoc inspect.Parameter"
    " inspect.Signature inspect.getfullargspec inspect.isabstract inspect.isgenerator"
    " inspect.isbuiltin inspect.isroutine inspect.unwrap inspect.getmro"
    " pkgutil.iter_modules pkgutil.walk_packages pkgutil.find_loader"
    " ssl.OPENSSL_VERSION ssl.OPENSSL_VERSION_INFO ssl.create_default_context ssl.SSLError"
    " ssl.get_default_verify_paths"
    " urllib.request.Request urllib.request.quote urllib.request.unquote timeit.default_timer"
    " http.client.HTTPException"
)
"""What can be used of the guarded modules, wherever it is handed."""

ACTING: Mapping[str, tuple[str, str]] = {
    "operator.methodcaller": ("code", "calls a method by a name"),
    "operator.attrgetter": ("code", "gets an attribute by a name"),
    "asyncio.create_subprocess_exec": ("code", "runs a program"),
    "asyncio.create_subprocess_shell": ("code", "runs a shell script"),
    "asyncio.open_connection": ("external", "opens a network connection"),
    "asyncio.open_unix_connection": ("service", "talks to a local service"),
    "asyncio.start_server": ("local-service", "starts a server"),
    "argparse.FileType": ("unknown", "opens files that are not known"),
    "codecs.register": ("code", "changes how text is read"),
    "tempfile.tempdir": ("unknown", "changes where temporary files are"),
    "io.open_code": ("unknown", "opens a file, not known which"),
    "io.FileIO": ("unknown", "opens a file, not known which"),
    "logging.FileHandler": ("unknown", "writes a log file"),
    "logging.config": ("code", "loads a configuration that can run code"),
    "sqlite3.enable_callback_tracebacks": ("unknown", "changes a setting"),
    "zipfile.main": ("unknown", "runs a program of the library"),
    "tarfile.main": ("unknown", "runs a program of the library"),
    "types.FunctionType": ("code", "makes a function of code"),
    "types.CodeType": ("code", "makes code"),
    "types.LambdaType": ("code", "makes a function of code"),
    "importlib.metadata.EntryPoint": ("code", "loads code by its name"),
    "string.Formatter": ("code", "gets attributes by their names"),
    "typing.get_type_hints": ("code", "runs text as code"),
    "typing.ForwardRef": ("code", "runs text as code"),
    "functools.singledispatchmethod": ("code", "dispatches by type"),
    "inspect.stack": ("code", "looks into other frames"),
    "inspect.currentframe": ("code", "looks into other frames"),
    "inspect.getmodule": ("code", "finds modules by what they hold"),
    "pickle.load": ("code", "loads a pickle, which can run code"),
    "pickle.loads": ("code", "loads a pickle, which can run code"),
    "pickle.Unpickler": ("code", "loads a pickle, which can run code"),
    "sys.modules": ("code", "reaches modules by their names"),
    "os.kill": ("service", "sends a signal to a process"),
    "os.killpg": ("service", "sends signals to processes"),
    "os.chown": ("privilege", "changes the owner of a file"),
    "os.lchown": ("privilege", "changes the owner of a file"),
    "shutil.chown": ("privilege", "changes the owner of a file"),
    "os.setuid": ("privilege", "changes the user it runs as"),
    "os.setgid": ("privilege", "changes the group it runs as"),
    "os.symlink": ("unknown", "makes a link, through which other files are reached"),
    "os.link": ("unknown", "makes a link, through which other files are reached"),
    "os.putenv": ("unknown", "changes the environment"),
    "os.environb": ("secret", "shows the environment"),
    "shutil.unpack_archive": ("unknown", "unpacks an archive over files that are not known"),
    "socket.socket": ("external", "opens a network connection"),
    "socket.create_connection": ("external", "opens a network connection"),
    "socket.create_server": ("local-service", "starts a server"),
    "socket.getaddrinfo": ("network-read", "looks up a name"),
    "socket.gethostbyname": ("network-read", "looks up a name"),
    "http.client.HTTPConnection": ("external", "opens a network connection"),
    "http.client.HTTPSConnection": ("external", "opens a network connection"),
    "urllib.request.install_opener": ("code", "changes how addresses are opened"),
    "urllib.request.build_opener": ("external", "opens a network connection"),
    "unittest.main": ("project-run", "runs the project's tests"),
    "unittest.TextTestRunner": ("project-run", "runs the project's tests"),
    "doctest.testmod": ("project-run", "runs the project's tests"),
    "doctest.testfile": ("project-run", "runs the project's tests"),
    "builtins.exec": ("code", "runs text as code"),
    "builtins.eval": ("code", "runs text as code"),
    "builtins.compile": ("code", "makes code of text"),
    "builtins.globals": ("code", "reaches variables by their names"),
    "builtins.locals": ("code", "reaches variables by their names"),
    "builtins.vars": ("code", "reaches attributes by their names"),
    "builtins.setattr": ("code", "sets an attribute by its name"),
    "builtins.delattr": ("code", "deletes an attribute by its name"),
    "builtins.breakpoint": ("interactive", "opens a debugger"),
    "builtins.__builtins__": ("code", "reaches the builtins by their names"),
    "builtins.__loader__": ("code", "reaches the import machinery"),
    "builtins.__spec__": ("code", "reaches the import machinery"),
    "builtins.__build_class__": ("code", "builds a class by hand"),
    "compileall.compile_dir": ("work", "compiles modules into the cache"),
    "compileall.compile_file": ("work", "compiles a module into the cache"),
    "py_compile.compile": ("work", "compiles a module into the cache"),
    "asyncio.subprocess": ("code", "runs a program"),
}
"""What does more than compute, by its word and what it does."""

FileArgument: TypeAlias = tuple[int, str, Use]
_L, _R, _S, _W, _D = Use.LIST, Use.READ, Use.SEARCH, Use.WRITE, Use.DELETE
_ONE: Mapping[Use, str] = {
    _L: "os.listdir os.scandir os.walk os.fwalk",
    _R: "gzip.decompress linecache.getline linecache.getlines tokenize.open zipfile.is_zipfile"
    " tarfile.is_tarfile xml.etree.ElementTree.parse xml.etree.ElementTree.iterparse"
    " xml.dom.minidom.parse",
    _W: "os.makedirs os.mkdir os.truncate os.utime os.chmod os.mkfifo shutil.make_archive",
    _D: "os.remove os.unlink os.rmdir os.removedirs shutil.rmtree",
}
_TWO: Mapping[str, tuple[Use, Use]] = {
    "os.rename": (_W, _W),
    "os.renames": (_W, _W),
    "os.replace": (_W, _W),
    "shutil.move": (_W, _W),
    "shutil.copy": (_R, _W),
    "shutil.copy2": (_R, _W),
    "shutil.copyfile": (_R, _W),
    "shutil.copymode": (_L, _W),
    "shutil.copystat": (_L, _W),
    "shutil.copytree": (_S, _W),
}
FILES: Mapping[str, tuple[FileArgument, ...]] = {
    name: ((0, "path", use),) for use, several in _ONE.items() for name in several.split()
} | {name: ((0, "src", first), (1, "dst", second)) for name, (first, second) in _TWO.items()}
"""Functions of the library that use files: the arguments that name them, and what happens."""

METHODS: Mapping[str, Use] = {
    "read_text": _R,
    "read_bytes": _R,
    "write_text": _W,
    "write_bytes": _W,
    "touch": _W,
    "mkdir": _W,
    "chmod": _W,
    "lchmod": _W,
    "unlink": _D,
    "rmdir": _D,
    "rmtree": _D,
}
"""Methods of paths that use the file itself; no plain data has a method of such a name."""

ACTING_METHODS: Mapping[str, tuple[str, str]] = {
    "extractall": ("unknown", "unpacks an archive over files that are not known"),
    "symlink_to": ("unknown", "makes a link, through which other files are reached"),
    "hardlink_to": ("unknown", "makes a link, through which other files are reached"),
    "load_extension": ("code", "loads an extension"),
    "enable_load_extension": ("code", "loads extensions"),
    "create_function": ("code", "lets SQL call code"),
    "exec_module": ("code", "runs a module"),
    "load_module": ("code", "runs a module"),
    "create_module": ("code", "loads a module"),
    "find_class": ("code", "finds code by its name"),
    "runcode": ("code", "runs code"),
    "runsource": ("code", "runs code"),
    "run_module": ("code", "runs a module"),
    "exec_command": ("code", "runs a program elsewhere"),
    "create_connection": ("external", "opens a network connection"),
    "subprocess_exec": ("code", "runs a program"),
    "subprocess_shell": ("code", "runs a shell script"),
    "sendall": ("external", "sends data over the network"),
    "sendto": ("external", "sends data over the network"),
    "sendmail": ("external", "sends mail"),
    "send_message": ("external", "sends a message"),
    "drop_all": ("external-final", "drops all tables"),
    "drop_database": ("external-final", "drops a database"),
    "drop_collection": ("external-final", "drops a collection"),
    "drop_table": ("external-final", "drops a table"),
    "delete_many": ("external-final", "deletes many"),
    "delete_one": ("external", "deletes one"),
    "flushall": ("external-final", "empties the database"),
    "flushdb": ("external-final", "empties the database"),
    "executescript": ("unknown", "runs SQL, not known which"),
    "system": ("code", "runs a shell script"),
    "popen": ("code", "runs a shell script"),
    "spawn": ("code", "runs a program"),
    "terminate_instances": ("external-final", "ends machines"),
}
"""Methods that act whatever they are called on."""

THIRD_METHODS = names(
    "delete destroy remove_all purge truncate send post put patch publish upload upload_file"
    " upload_fileobj kill terminate shutdown stop start restart create_table bulk_create"
    " bulk_update update_or_create get_or_create save_to_hub push_to_hub push bulk_write insert_one"
    " insert_many update_one update_many replace_one transfer invoke deploy refund charge"
)
"""Methods of objects of other packages that change what is not here, more often than not."""

HTTP = names("requests httpx httpx2 aiohttp urllib3 curl_cffi cloudscraper")
READING_VERBS = names("get head options stream")
SERVICES = names(
    "boto3 botocore aioboto3 google azure stripe twilio slack_sdk slack openai anthropic"
    " kubernetes docker paramiko fabric invoke github gitlab jira sendgrid tweepy discord"
    " telegram praw smtplib ftplib telnetlib nntplib imaplib poplib xmlrpc websocket websockets"
    " pika kafka confluent_kafka celery grpc ansible pulumi cloudflare digitalocean linode heroku3"
    " firebase_admin supabase pymongo motor redis elasticsearch opensearchpy cassandra"
    " pyautogui pynput keyring scapy nmap impacket huggingface_hub"
)
"""Packages that are there to act on other systems."""
LOADERS: Mapping[str, tuple[str, str]] = {
    "pip": ("install", "installs packages"),
    "ensurepip": ("install", "installs packages"),
    "dill": ("code", "loads pickles, which can run code"),
    "cloudpickle": ("code", "loads pickles, which can run code"),
    "sh": ("code", "runs programs"),
    "plumbum": ("code", "runs programs"),
    "pexpect": ("code", "runs programs"),
    "psutil": ("read", "looks at processes"),
}

ALLOWED_DUNDERS = names(
    "__name__ __file__ __version__ __doc__ __class__ __len__ __str__ __repr__ __init__ __enter__"
    " __exit__ __iter__ __next__ __eq__ __hash__ __all__ __path__ __annotations__ __qualname__"
    " __module__ __fields__ __members__ __cause__ __mro__ __bases__ __call__ __post_init__"
    " __contains__ __getitem__ __lt__ __add__ __slots__ __version_info__ __dataclass_fields__"
    " __wrapped__ __notes__ __package__ __main__ __new__ __author__ __bool__ __int__ __aenter__"
    " __aexit__ __aiter__ __anext__ __or__ __and__ __sub__ __mul__ __truediv__ __gt__ __le__"
    " __ge__ __ne__ __set_name__ __missing__ __reversed__ __float__ __bytes__ __format__"
)
HIDDEN_ATTRIBUTES = names(
    "gi_frame gi_code cr_frame cr_code ag_frame tb_frame f_globals f_builtins f_locals f_back"
    " f_code func_globals co_code"
)

SECRET_VARIABLE = re.compile(
    r"key|token|secret|passw|pwd|credential|auth|private|dsn|cookie|session|database_url|conn_?str",
    re.IGNORECASE,
)
STEERING_VARIABLE = re.compile(
    r"PATH|ENV|IFS|SHELL|EDITOR|PAGER|BROWSER|(?:LD|DYLD|PYTHON|GIT|BASH|PERL|RUBY|NODE|NPM|SSH)_?.*"
    r"|.*(?:OPTS|OPTIONS|PATH|_PROXY|PRELOAD)",
    re.IGNORECASE,
)
"""Variables that change what other programs do."""

HARMLESS_SPECIAL = names(
    "pathlib.Path pathlib.PosixPath pathlib.WindowsPath pathlib.PurePath pathlib.PurePosixPath"
    " pathlib.Path.home pathlib.Path.cwd os.path.join os.path.dirname os.path.basename"
    " builtins.dict builtins.list builtins.tuple builtins.sorted builtins.reversed"
    " builtins.enumerate glob.glob glob.iglob urllib.request.Request contextlib.closing"
)
"""Functions with a reading of their own that only compute."""
