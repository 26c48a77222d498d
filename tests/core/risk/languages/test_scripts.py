"""Scripts in languages without a tree: a few shapes are known, and the rest runs code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.risk.findings import Use
from assent.core.risk.languages import LANGUAGES, read_code
from tests.core.risk.languages.reading import is_harmless, words

HARMLESS = (
    (
        "javascript",
        (
            "const {DatabaseSync}=require('node:sqlite');const d=new DatabaseSync('a.db');"
            "for(const r of d.prepare('SELECT a FROM t').all()) console.log(r.a)"
        ),
    ),
    (
        "javascript",
        "import * as m from './parse.mjs'\nconsole.log(m.parse('<!-- x -->').at(0))",
    ),
    ("javascript", "console.log('hello')"),
    ("javascript", "console.log(JSON.parse(require('fs').readFileSync('package.json')).version)"),
    ("javascript", "process.version"),
    ("javascript", "console.log(require('./package.json').version)"),
    ("javascript", "console.log(1+1)"),
    ("javascript", "console.log([1,2].map(x => x*2))"),
    ("javascript", "(async () => { console.log(1) })()"),
    ("javascript", "fs.writeFileSync('a.txt','x')"),
    ("javascript", "const a=process.argv[1]; console.log(a)"),
    ("javascript", "console.log(Object.keys(require('./a.json')).length)"),
    ("javascript", "const p=require('./package.json'); console.log(p.version)"),
    ("javascript", "const {readFileSync}=require('fs'); console.log(readFileSync('a','utf8'))"),
    ("javascript", "import {readFileSync} from 'fs'; console.log(readFileSync('a','utf8'))"),
    ("javascript", "require('assert').equal(1,1)"),
    ("javascript", "console.log(process.env.HOME)"),
    ("javascript", "console.log(require('react').version)"),
    ("javascript", "for (const f of require('fs').readdirSync('.')) console.log(f)"),
    (
        "javascript",
        (
            "let d='';process.stdin.on('data',c=>d+=c);"
            "process.stdin.on('end',()=>{const j=JSON.parse(d);"
            "console.log(j.name)})"
        ),
    ),
    (
        "javascript",
        (
            "const fs=require('fs');const p='a.md';let s=fs.readFileSync(p,'utf8');"
            "s=s.replace(/x/g,'-');fs.writeFileSync(p,s);"
        ),
    ),
    (
        "javascript",
        (
            "let s='';"
            "process.stdin.on('data',d=>s+=d).on('end',()=>{const {t}=JSON.parse(s)"
            ";console.log(`N: ${t.length} (${Math.round(100*t.length/3)}%)`)})"
        ),
    ),
    ("javascript", "const by={open:0,new:1};for(const t of [1])by[t]=(by[t]||0)+1;console.log(by)"),
    ("javascript", "function f(x){return x*2}\nconsole.log([1].map(x=>f(x)))"),
    ("javascript", "console.log(require('path').join('a','b'), os.tmpdir())"),
    ("javascript", "import * as path from 'node:path'; console.log(path.resolve('.'))"),
    ("javascript", "console.log(new Date().toISOString(), new Set([1]).size)"),
    ("javascript", "// a comment\nconsole.log(/a[/]b/.test('x') ? 1 : 2)"),
    ("javascript", "console.log('eval fetch require')"),
    ("perl", "print if /x/"),
    ("perl", "s/a/b/g"),
    (
        "perl",
        "s/\\bfmt\\.Fprintf\\(out,/fprintf(out,/g; s/\\bfmt\\.Fprintln\\(out\\b/fprintln(out/g",
    ),
    ("perl", "s/\\nfunc \\(m \\*resumeTUI\\) recomputeGlobal\\(\\) \\{.*?\\n\\}\\n//s"),
    ("perl", 'print "$1\\n" if /version: (.*)/'),
    ("perl", "s|a/b|c/d|"),
    ("perl", "print $F[0]"),
    ("perl", "print if $. == 3"),
    ("perl", "s{a}{b}g"),
    ("php", "echo 1;"),
    ("php", "echo PHP_VERSION;"),
    ("php", "echo json_encode([1,2]);"),
    ("php", 'var_dump(json_decode(file_get_contents("a.json"), true));'),
    ("php", "$x = 5; echo $x * 2;"),
    ("ruby", "puts 'hello'"),
    ("ruby", "puts RUBY_VERSION"),
    ("ruby", "require 'json'; puts JSON.parse(File.read('a.json'))['x']"),
    ("ruby", "puts 1 + 1"),
    ("lua", "print(1+1)"),
    ("r", "cat(R.version.string)"),
    ("r", "print(sqrt(2))"),
    ("redis", "GET a"),
    ("redis", "info"),
    ("redis", "ping\nkeys *"),
    ("redis", "config get maxmemory"),
    ("mongo", "db.users.find()"),
    ("mongo", "db.users.find({a: 1, $or: [{b: 2}]}).limit(5).pretty()"),
    ("mongo", "show dbs"),
    ("mongo", "db.getCollection('x').countDocuments({})"),
    ("mongo", "printjson(db.serverStatus())"),
    ("mongo", "db.runCommand({ping: 1})"),
    ("mongo", 'db.runCommand("ping").ok'),
    ("mongo", 'db.x.aggregate([{$match: {a: 1}}, {$group: {_id: "$b", n: {$sum: 1}}}])'),
)

ACTING = (
    (
        "javascript",
        (
            "const {DatabaseSync}=require('node:sqlite');const d=new DatabaseSync('a.db');"
            "d.exec('DROP TABLE t')"
        ),
    ),
    (
        "javascript",
        (
            "const {DatabaseSync}=require('node:sqlite');const d=new DatabaseSync('a.db');"
            "d.prepare(process.argv[1]).run()"
        ),
    ),
    ("javascript", "require('child_process').execSync('x')"),
    ("javascript", "child_process.execSync('x')"),
    ("javascript", "require('fs').unlinkSync('a')"),
    ("javascript", "fs.rmSync('a',{recursive:true})"),
    ("javascript", "['a'].forEach(fs.unlinkSync)"),
    ("javascript", "[]['constr'+'uctor']"),
    ("javascript", "[]['constructor']['constructor']('x')()"),
    ("javascript", "(()=>{}).constructor('x')()"),
    ("javascript", "eval('x')"),
    ("javascript", "Function('x')()"),
    ("javascript", "new Function('x')()"),
    ("javascript", "const e=eval;e('x')"),
    ("javascript", "process.env"),
    ("javascript", "console.log(process.env)"),
    ("javascript", "console.log(process.env.API_KEY)"),
    ("javascript", "process.kill(1)"),
    ("javascript", "globalThis.process"),
    ("javascript", "global['ev'+'al']('x')"),
    ("javascript", "import('child_process').then(c=>c.exec('x'))"),
    ("javascript", "fetch('http://x')"),
    ("javascript", "require('ht'+'tp')"),
    ("javascript", "const r=require;r('child_process')"),
    ("javascript", "const {exec}=require('child_process');exec('x')"),
    ("javascript", "const {unlinkSync:u}=require('fs');u('a')"),
    ("javascript", "process.binding('fs')"),
    ("javascript", "process.mainModule.require('child_process')"),
    ("javascript", "module.constructor._load('child_process')"),
    ("javascript", "algolia.clearObjects('products')"),
    ("javascript", "fs['unlinkSync']('a')"),
    ("javascript", "const f=fs;f.unlinkSync('a')"),
    ("javascript", "console.log`${eval}`"),
    ("javascript", "`${require('child_process').execSync('x')}`"),
    ("javascript", "new (class{})"),
    ("javascript", "this.constructor"),
    ("javascript", "'a"),
    ("javascript", "require('shelljs').exec('x')"),
    ("javascript", "setTimeout('x')"),
    ("javascript", "[1].map(g=>g('x'))"),
    ("javascript", "let f=()=>1;f=[].at;f('x')"),
    ("javascript", "a=[]['\\x63onstructor']"),
    ("javascript", "fs.promises.unlink('a')"),
    ("javascript", "require('fs').promises.rm('a')"),
    ("javascript", "Deno.removeSync('a')"),
    ("javascript", "Bun.spawn(['x'])"),
    ("javascript", "(()=>{},eval)('x')"),
    ("javascript", "process.stdout.write.constructor"),
    ("javascript", "fs.writeFileSync(process.argv[1],'x')"),
    ("javascript", "const p='a';p2=p;fs.writeFileSync(q,'x')"),
    ("javascript", "let p='a';p='/etc/x';fs.writeFileSync(p,'x')"),
    ("javascript", "process['exit']()"),
    ("javascript", "process[k]('x')"),
    ("javascript", "require('vm').runInNewContext('x')"),
    ("javascript", "console.log(require('fs'))"),
    ("javascript", "const fs = require('child_process'); fs.exec('x')"),
    ("javascript", "const os=require('child_process');os.exec('x')"),
    ("javascript", "var path=require('child_process'); path.exec('x')"),
    ("javascript", "const os=require('child_process');os.format('x')"),
    ("javascript", "import os from 'child_process'; os.exec('x')"),
    ("javascript", "const {join}=require('child_process'); join('x')"),
    ("javascript", "const {platform:fork}=require('child_process')"),
    ("javascript", "[]['fl'+'at'][c]('x')()"),
    ("javascript", "// x\u2028require('child_process').execSync('y')"),
    ("javascript", "// x\rrequire('child_process').execSync('y')"),
    ("javascript", "<!-- '\nrequire('child_process') // '"),
    ("javascript", "require('./x')(1)"),
    ("javascript", "#!/x"),
    ("javascript", "fs.writeFile(k, 'y', e => e)"),
    ("javascript", "const {rmSync} = require('fs'); rmSync(k)"),
    ("javascript", "await import('fs')"),
    ("javascript", "import 'child_process'"),
    ("javascript", "require('axios').post('x')"),
    ("javascript", "'constr'+'uctor'"),
    ("javascript", "process.env['A'+'B']"),
    ("javascript", "process.env[k]"),
    ("javascript", "for (const k in process.env) console.log(k)"),
    ("javascript", "require(`child_process`)"),
    ("javascript", "require('child_process'.trim())"),
    ("javascript", "with (process) { exit() }"),
    ("javascript", "`${eval('x')}`"),
    ("javascript", "`a${`b${eval('x')}`}`"),
    ("javascript", "[...'x'].map(eval)"),
    ("javascript", "x=>eval(x)"),
    ("javascript", "({toString: eval})"),
    ("javascript", "fs\n.unlinkSync('a')"),
    ("javascript", "fs?.unlinkSync('a')"),
    ("javascript", "fs /* x */ . unlinkSync('a')"),
    ("javascript", "require\n('child_process')"),
    ("javascript", "\\u0065val('x')"),
    ("javascript", "async () => { await fetch('x') }"),
    ("perl", "system('x')"),
    ("perl", "s/a/system('x')/e"),
    ("perl", "s/a/`x`/ee"),
    ("perl", "print `x`"),
    ("perl", "s/a/@{[system(1)]}/"),
    ("perl", 'print "@{[`x`]}"'),
    ("perl", "s/(?{system(1)})//"),
    ("perl", "unlink glob '*'"),
    ("perl", 'print "$F[system(1)]"'),
    ("perl", 'print "@F[system(1)]"'),
    ("perl", "print $ENV{X}"),
    ("perl", "s/a/$h{system(1)}/"),
    ("perl", "open F,'>x'"),
    ("perl", "print if /x/; exec 'y'"),
    ("perl", 'print "\\\\@{[system(1)]}"'),
    ("php", "system('x');"),
    ("php", "echo `x`;"),
    ("php", '$f="system"; $f("x");'),
    ("php", 'echo "${system(1)}";'),
    ("php", '("sys"."tem")("x");'),
    ("php", 'echo $_ENV["x"];'),
    ("php", 'array_map("system",["x"]);'),
    ("php", 'unlink("x");'),
    ("php", 'file_get_contents("http://x");'),
    ("php", "file_get_contents($x);"),
    ("php", 'eval("x");'),
    ("php", '"system"("x");'),
    ("php", "$x\n('y');"),
    ("ruby", "system('x')"),
    ("ruby", "`x`"),
    ("ruby", "puts `x`"),
    ("ruby", 'puts "#{`x`}"'),
    ("ruby", "puts %x(ls)"),
    ("ruby", "File.delete('x')"),
    ("ruby", "File.send(:unlink, 'x')"),
    ("ruby", "require './x'"),
    ("ruby", "puts File.read('|x')"),
    ("ruby", "exec 'x'"),
    ("ruby", "p ENV"),
    ("ruby", "File.write('a','b')"),
    ("ruby", "print read('x', 'y')"),
    ("lua", "os.execute('x')"),
    ("lua", "print(os['execute'] 'x')"),
    ("lua", "io.open('x','w')"),
    ("lua", "load('x')()"),
    ("r", "system('x')"),
    ("r", "unlink('x')"),
    ("r", "eval(parse(text='x'))"),
    ("redis", "FLUSHALL"),
    ("redis", "get a\nflushdb"),
    ("redis", "del a"),
    ("redis", "SET a b"),
    ("redis", "config set dir /"),
    ("redis", "EVAL x 0"),
    ("redis", "debug segfault"),
    ("redis", "shutdown save"),
    ("redis", "config get *"),
    ("mongo", "db.dropDatabase()"),
    ("mongo", "db.users.drop()"),
    ("mongo", "db.users.deleteMany({})"),
    ("mongo", "db.users.find(); db.users.remove({})"),
    ("mongo", "db.x.aggregate([{$out: 'y'}])"),
    ("mongo", "db.x.find({$where: 'sleep(1)'})"),
    ("mongo", "db.x.find(db.y.drop())"),
    ("mongo", "db.x.find().forEach(d => db.y.remove(d))"),
    ("mongo", "db.adminCommand({shutdown: 1})"),
    ("mongo", "db['x'].drop()"),
    ("mongo", "load('x.js')"),
    ("mongo", "db.x.find({a: quit()})"),
    ("mongo", ""),
    ("x", "y"),
    ("mongo", "db.system.users.find()"),
)

FILES = (
    ("require('fs').readFileSync('a')", "a", Use.READ),
    ("fs.writeFileSync('a','x')", "a", Use.WRITE),
    ("const p='a';fs.appendFileSync(p,'x')", "a", Use.WRITE),
    ("fs.rmSync('a',{recursive:true})", "a", Use.DELETE),
    ("const {unlinkSync}=require('node:fs');unlinkSync('a')", "a", Use.DELETE),
    ("fs.copyFileSync('b','a')", "a", Use.WRITE),
    ("fs.renameSync('b','a')", "a", Use.WRITE),
    ("require('./a.json').x", "./a.json", Use.READ),
    ("fs.readdirSync('a')", "a", Use.LIST),
)


@pytest.mark.parametrize(("language", "code"), HARMLESS)
def test_printing_and_computing_is_harmless(language: str, code: str) -> None:
    assert is_harmless(read_code(language, code)), read_code(language, code)


@pytest.mark.parametrize(("language", "code"), ACTING)
def test_the_rest_is_not(language: str, code: str) -> None:
    assert not is_harmless(read_code(language, code))


@pytest.mark.parametrize(("code", "file", "use"), FILES)
def test_files_of_javascript_are_told(code: str, file: str, use: Use) -> None:
    found = read_code("javascript", code)
    assert (file, use) in found.files
    assert not words(found)


@pytest.mark.parametrize(
    ("language", "code", "word"),
    [
        ("redis", "FLUSHALL", "external-final"),
        ("redis", "SET a b", "external"),
        ("redis", "EVAL x 0", "code"),
        ("redis", "SHUTDOWN", "service"),
        ("redis", "MONITOR", "secret"),
        ("redis", "ACL SETUSER x", "privilege"),
        ("redis", "GET a\nFLUSHDB\nSET a b", "external-final"),
        ("mongo", "db.dropDatabase()", "external-final"),
        ("mongo", "db.x.insertOne({a: 1})", "external"),
        ("mongo", "db.createUser({})", "privilege"),
        ("mongo", "db.shutdownServer()", "service"),
        ("mongo", "db.x.find()", "network-read"),
        ("javascript", "console.log(process.env.API_TOKEN)", "secret"),
        ("javascript", "fs.writeFileSync(k, 'x')", "unknown"),
        ("javascript", "require('lodash').chunk([1], 1)", "project-run"),
    ],
)
def test_the_word_for_it(language: str, code: str, word: str) -> None:
    assert word in words(read_code(language, code))


@given(st.sampled_from(sorted(LANGUAGES)), st.text(max_size=200))
def test_any_text_is_answered(language: str, code: str) -> None:
    read_code(language, code)


@given(
    st.sampled_from([c for lang, c in ACTING if lang == "javascript" and "import" not in c]),
    st.sampled_from([c for lang, c in HARMLESS if lang == "javascript" and "import" not in c]),
    st.booleans(),
)
def test_harmless_javascript_makes_nothing_harmless(acts: str, plain: str, first: bool) -> None:
    both = f"{acts}\n;{plain}" if first else f"{plain}\n;{acts}"
    assert not is_harmless(read_code("javascript", both))


@given(
    st.sampled_from(["eval('x')", "require('child_process').exec('x')", "fs.unlinkSync('a')"]),
    st.lists(
        st.sampled_from(
            [
                *("({0})", "[{0}]", "() => {0}", "`${{{0}}}`", "{{a: {0}}}", "if (1) {{ {0} }}"),
                *("for (const a of [1]) {0}", "function f() {{ {0} }}", "[1].map(a => {0})"),
                *("(() => {{ {0} }})()", "console.log({0})", "const a = {0}", "1 ? {0} : 2"),
            ]
        ),
        max_size=4,
    ),
)
def test_an_act_within_javascript_is_found(acts: str, around: list[str]) -> None:
    for each in around:
        acts = each.format(acts)
    assert not is_harmless(read_code("javascript", acts))


@given(
    st.lists(
        st.sampled_from(
            [
                *("`", "${", "}", "{", "(", ")", "[", "]", "'", '"', "/", "//", "/*", "*/", "=>"),
                *("require", "fs", ".", "unlinkSync", "const ", "=", "a", ";", "\n", "import "),
                *("function ", "async ", ",", "{a}", "from ", "'fs'", "...", "\\"),
            ]
        ),
        max_size=25,
    )
)
def test_pieces_of_javascript_are_answered(pieces: list[str]) -> None:
    read_code("javascript", "".join(pieces))
