"""Archives, processes, devices and settings of this machine."""

import pytest

from assent.core.risk import RiskClass
from tests.core.risk.stage import assess_script


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("tar -czf out.tar.gz src", id="pack"),
        pytest.param("tar czf out.tgz src", id="pack-old-style"),
        pytest.param("tar -xzf a.tar.gz -C vendor", id="unpack"),
        pytest.param("tar --list -f a.tar", id="list"),
        pytest.param("tar -I 'zstd -9' -cf a.tar.zst src", id="compressor"),
        pytest.param("unzip -q a.zip -d out", id="unzip"),
        pytest.param("unzip -l a.zip", id="unzip-list"),
        pytest.param("gzip -dc a.gz | head", id="gzip-shows"),
        pytest.param("7z x a.7z -oout", id="seven"),
        pytest.param("kill %1", id="job"),
        pytest.param("sleep 9 & kill $!", id="last-job"),
        pytest.param('sleep 9 & PID=$!; kill "$PID"', id="remembered-job"),
        pytest.param("kill -l", id="signals"),
        pytest.param("dd if=/dev/zero of=test.bin bs=1k count=1", id="dd-file"),
        pytest.param("sysctl -n hw.ncpu", id="setting"),
        pytest.param("open coverage/index.html", id="open-page"),
        pytest.param("mount", id="mounts"),
        pytest.param("ip addr show eth0", id="addresses"),
        pytest.param("systemctl status nginx", id="status"),
        pytest.param("brew services list", id="services"),
        pytest.param("fdisk -l", id="list-partitions"),
        pytest.param("nmcli radio wifi", id="radio"),
        pytest.param("rpm -qi bash", id="package"),
    ],
)
def test_everyday_calls_proceed(script: str) -> None:
    assert assess_script(script).risk <= RiskClass.LOW


@pytest.mark.parametrize(
    ("script", "rule"),
    [
        pytest.param("tar -xf a.tar --to-command='sh -c id'", "code", id="tar-program"),
        pytest.param("tar cf a b --checkpoint-action=exec=id", "code", id="tar-checkpoint"),
        pytest.param("tar -I 'sh -c id' -cf a b", "code", id="tar-compressor"),
        pytest.param("tar -cf host:/a b", "external", id="tar-elsewhere"),
        pytest.param("tar -xPf a.tar", "outside", id="tar-absolute"),
        pytest.param("tar -xf a.tar -C /opt", "outside-write", id="tar-outside"),
        pytest.param("tar -cf a --remove-files src", "delete", id="tar-removes"),
        pytest.param("unzip a.zip -d /opt", "outside-write", id="unzip-outside"),
        pytest.param("gzip /etc/hosts", "outside-write", id="gzip-replaces"),
        pytest.param("7z x a.7z -o/opt", "outside-write", id="seven-outside"),
        pytest.param("zip a.zip b -T -TT 'sh -c id'", "code", id="zip-program"),
        pytest.param("kill -9 1234", "service", id="some-process"),
        pytest.param("kill $(pgrep node)", "service", id="found-process"),
        pytest.param('kill "$PID"', "service", id="unknown-process"),
        pytest.param("killall node", "service", id="by-name"),
        pytest.param("dd if=a.img of=/dev/disk2", "disk", id="dd-device"),
        pytest.param("sysctl kern.maxproc=1", "service", id="set-setting"),
        pytest.param("open evil.command", "code", id="open-program"),
        pytest.param("mount /dev/sda1 /mnt", "privilege", id="mounting"),
        pytest.param("ip link set eth0 down", "unknown-call", id="network-off"),
        pytest.param("systemctl stop nginx", "service", id="stop"),
        pytest.param("crontab jobs", "code", id="later"),
        pytest.param("busybox rm -rf build", "delete", id="busybox"),
        pytest.param("rpm --eval '%{lua:os.execute()}'", "code", id="macro"),
        pytest.param("pidstat -e sh", "code", id="told-of-a-command"),
        pytest.param("ssh-agent rm -rf build", "delete", id="run-by-agent"),
        pytest.param("strace -f rm -rf build", "delete", id="run-by-tracer"),
        pytest.param("fdisk /dev/sda", "disk", id="partitions"),
        pytest.param("nmcli radio wifi off", "service", id="radio-off"),
    ],
)
def test_the_rest_asks(script: str, rule: str) -> None:
    found = assess_script(script)
    assert found.risk >= RiskClass.MEDIUM
    assert rule in {evidence.rule for evidence in found.evidence}
