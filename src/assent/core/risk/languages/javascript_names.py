"""Which names of JavaScript and of Node only compute, and which are refused."""

import re
from collections.abc import Mapping

from assent.core.risk.findings import Use
from assent.core.risk.names import names

KEYWORDS = names(
    "const let var if else for of in return function true false null undefined typeof new while do"
    " break continue switch case default try catch finally throw async await instanceof void NaN"
    " Infinity from as"
)
CALLS = KEYWORDS | names(
    "parseInt parseFloat String Number Boolean isNaN isFinite encodeURIComponent decodeURIComponent"
    " encodeURI decodeURI Array Object Date Error TypeError RangeError BigInt RegExp"
    " structuredClone"
)
MAKES = names(
    "Date Map Set WeakMap WeakSet Error TypeError RangeError RegExp URL URLSearchParams Array"
    " TextDecoder TextEncoder Uint8Array Uint16Array Uint32Array Int32Array Float64Array"
    " Float32Array ArrayBuffer DataView Intl Number"
)
GLOBALS = names(
    "eval Function globalThis global window self module exports fetch WebAssembly Reflect Proxy"
    " Deno Bun importScripts XMLHttpRequest WebSocket EventSource arguments this with class super"
    " child_process cluster dgram dns domain http http2 https inspector net repl sea sqlite test"
    " tls trace_events tty v8 vm wasi worker_threads async_hooks diagnostics_channel navigator"
    " localStorage sessionStorage setInterval Symbol yield debugger export db rs sh load mongo"
    " fs/promises timers"
)
"""Names that are refused: they reach code by text, other systems, or programs."""
COMPUTING = names(
    "path os util url crypto zlib assert querystring perf_hooks string_decoder punycode"
    " readline events buffer constants"
)
MODULES = COMPUTING | {"fs"}
PROCESS = names(
    "argv version versions platform arch cwd stdout stderr stdin exit exitCode pid ppid uptime"
    " hrtime memoryUsage release title execPath nextTick cpuUsage"
)
_R, _W = (Use.READ,), (Use.WRITE,)
FS: Mapping[str, Mapping[str, tuple[Use, ...]]] = {
    "fs": {
        **dict.fromkeys(names("readFileSync readFile createReadStream openAsBlob"), _R),
        **dict.fromkeys(
            names(
                "existsSync readdirSync statSync lstatSync realpathSync accessSync readlinkSync"
                " readdir stat lstat access"
            ),
            (Use.LIST,),
        ),
        **dict.fromkeys(
            names("writeFileSync writeFile appendFileSync appendFile mkdirSync mkdir"), _W
        ),
        **dict.fromkeys(names("rmSync unlinkSync rmdirSync rm unlink rmdir"), (Use.DELETE,)),
        **dict.fromkeys(names("copyFileSync copyFile"), (Use.READ, Use.WRITE)),
        **dict.fromkeys(names("renameSync rename"), (Use.WRITE, Use.WRITE)),
    },
    "sqlite": {"DatabaseSync": _R},
}
"""What functions of these modules do with the files that their first arguments name."""
SQLITE = names("prepare exec run iterate close")
"""Methods of a database, and of a statement, of which the first two are given SQL."""

METHODS = names(
    "log error warn info debug table dir time timeEnd group groupEnd trace assert count"
    " parse stringify map filter forEach join slice split trim trimStart trimEnd toString toFixed"
    " includes startsWith endsWith find findLast findIndex findLastIndex some every reduce"
    " reduceRight sort toSorted reverse toReversed keys values entries fromEntries assign freeze"
    " length concat indexOf lastIndexOf replace replaceAll match matchAll test exec search push pop"
    " shift unshift splice flat flatMap padEnd padStart toUpperCase toLowerCase repeat set get has"
    " add delete clear isArray from of at charAt charCodeAt codePointAt fromCodePoint fromCharCode"
    " toISOString"
    " toLocaleString toLocaleDateString toLocaleTimeString toDateString toTimeString toUTCString"
    " toJSON getTime getFullYear getMonth getDate getDay getHours getMinutes getSeconds"
    " getMilliseconds getTimezoneOffset getUTCFullYear getUTCMonth getUTCDate now UTC valueOf"
    " substring substr normalize localeCompare toPrecision isInteger isSafeInteger isFinite isNaN"
    " parseInt parseFloat max min abs floor ceil round random pow sqrt log2 log10 trunc sign hypot"
    " sin cos tan atan atan2 exp cbrt hasOwnProperty hasOwn getOwnPropertyNames is fill with"
    " on once setEncoding resume end write read pipe then catch finally all allSettled race resolve"
    " exit cwd hrtime uptime memoryUsage nextTick bigint"
    " basename dirname extname relative isAbsolute format inspect isDeepStrictEqual styleText"
    " platform arch cpus totalmem freemem homedir tmpdir hostname release type loadavg EOL userInfo"
    " availableParallelism endianness networkInterfaces"
    " createHash createHmac update digest randomUUID randomBytes randomInt getHashes"
    " gunzipSync gzipSync inflateSync deflateSync brotliDecompressSync inflateRawSync"
    " byteLength isBuffer alloc readUInt8 readUInt16LE readUInt32LE readUInt16BE readUInt32BE"
    " readInt32LE readInt32BE equals subarray decode encode"
    " isDirectory isFile isSymbolicLink append getAll forPath"
    " equal deepEqual strictEqual deepStrictEqual ok notEqual groupBy copyWithin"
)
"""Methods that only compute or print, whatever they are called on."""

DANGEROUS = re.compile(
    r"unlink\w*|rm(?:dir)?(?:Sync)?|write(?:File|v|Sync)\w*|append(?:File)\w*|rename\w*|copyFile\w*"
    r"|cp(?:Sync)?|[lf]?chmod\w*|[lf]?chown\w*|f?truncate\w*|symlink\w*|link(?:Sync)?|mkdir\w*|mkdtemp\w*"
    r"|open(?:Sync|dir\w*|AsBlob)?|create(?:Write|Read)Stream|read(?:File|dir|v)\w*|[lf]?utimes\w*|promises"
    r"|exec\w+|spawn\w*|fork|kill|chdir|set(?:e?[ug]id|groups)|_\w+|binding|dlopen|mainModule"
    r"|createRequire|runIn\w+|Script|compileFunction|env|report|eval|Function"
    r"|watch\w*|getBuiltinModule|loadEnvFile|setEngine|createServer|connect|request|fetch|abort"
)
"""Members of packages that are refused even when they are not called."""

REACHING = re.compile(
    r"constructor|prototype|__\w+|caller|callee|call|apply|bind|mainModule|binding|dlopen"
    r"|[gs]etPrototypeOf|define\w+|getOwnPropertyDescriptor\w*|getBuiltinModule|promises"
)
"""Members by which code is reached, whatever they are members of."""

PACKAGES_ACTING = re.compile(
    r"delete|remove|drop|clear|destroy|send|post|put|publish|truncate|insert|update|upsert|deploy"
    r"|shell|exec|spawn|child|rimraf|^del$|trash|fs-extra|graceful-fs|pty|axios|fetch|got$|request"
    r"|superagent|undici|ky$|ws$|socket|ssh|smtp|mail|aws|stripe|twilio|slack|octokit|firebase|puppeteer"
    r"|playwright|selenium|redis|mongo|knex|prisma|sequelize|typeorm|pg$|mysql|vm2|isolated|eval|kill",
    re.IGNORECASE,
)
"""Names of packages and of their members that act on more than what they are given."""
