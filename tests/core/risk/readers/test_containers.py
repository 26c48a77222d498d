"""Containers and clusters: what they are given of this machine, and what is run in them."""

import pytest

from assent.core.risk import RiskClass
from tests.core.risk.stage import assess_script


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("docker ps -a", id="list"),
        pytest.param("docker container ls", id="list-in-group"),
        pytest.param("docker build -t app:dev .", id="build"),
        pytest.param("docker run --rm -v ./src:/src -w /src node:20 npm test", id="workspace"),
        pytest.param('docker run --rm -v "$PWD":/src node:20 ls', id="workspace-by-variable"),
        pytest.param("docker run --rm -v data:/data alpine ls", id="named-volume"),
        pytest.param("docker run --rm -it alpine ls", id="terminal-for-one-command"),
        pytest.param("docker run -d -p 5432:5432 postgres:16", id="service"),
        pytest.param("docker run --entrypoint sh alpine -c 'ls /'", id="entry"),
        pytest.param("docker exec app cat /etc/hosts", id="exec"),
        pytest.param("docker stop app", id="stop"),
        pytest.param("docker cp app:/tmp/a ./a", id="copy-out"),
        pytest.param("docker compose -f dev.yml up -d", id="compose-up"),
        pytest.param("docker compose logs -f api", id="compose-logs"),
        pytest.param("docker compose down", id="compose-down"),
        pytest.param("docker --context colima ps", id="engine-here"),
        pytest.param("kubectl -n app get pods -o json", id="pods"),
        pytest.param("kubectl get secrets", id="names-of-secrets"),
        pytest.param("kubectl apply -f a.yaml --dry-run=client", id="dry-run"),
        pytest.param("kubectl port-forward svc/a 8080:80", id="forward"),
        pytest.param("terraform output vpc_id", id="output"),
        pytest.param("terraform -chdir=infra plan -out=tfplan", id="plan"),
    ],
)
def test_everyday_calls_proceed(script: str) -> None:
    assert assess_script(script).risk <= RiskClass.LOW


@pytest.mark.parametrize(
    ("script", "rule"),
    [
        pytest.param("docker run --privileged alpine ls", "privilege", id="privileged"),
        pytest.param("docker run -v /:/host alpine ls", "privilege", id="whole-machine"),
        pytest.param(
            "docker run -v /var/run/docker.sock:/s alpine ls", "privilege", id="engine-socket"
        ),
        pytest.param(
            "docker run --mount type=bind,source=/,target=/h alpine ls", "privilege", id="bind"
        ),
        pytest.param('docker run -v "$HOME":/h alpine ls', "outside-write", id="home"),
        pytest.param("docker run --pid=host alpine ls", "privilege", id="shared-processes"),
        pytest.param("docker run -it ubuntu bash", "interactive", id="shell"),
        pytest.param("docker run --env-file .env alpine ls", "secret", id="secret-file"),
        pytest.param("docker run alpine rm -rf /data", "delete", id="deletes-inside"),
        pytest.param("docker run --entrypoint rm alpine -rf /data", "delete", id="entry-deletes"),
        pytest.param("docker exec app printenv", "secret", id="environment"),
        pytest.param("docker stop $(docker ps -q)", "service", id="stop-all"),
        pytest.param("docker build https://example.com/a.git", "code", id="foreign-context"),
        pytest.param("docker build --push .", "external-final", id="build-and-push"),
        pytest.param("docker -H tcp://example.com:2375 ps", "external", id="engine-elsewhere"),
        pytest.param("docker --context prod ps", "external", id="context-elsewhere"),
        pytest.param("docker container frobnicate", "unknown-call", id="unknown-in-group"),
        pytest.param("docker compose down -v", "discard", id="volumes"),
        pytest.param("docker compose run --rm api bash -c 'rm -rf /a'", "delete", id="compose-run"),
        pytest.param("kubectl get secret a -o yaml", "secret", id="what-a-secret-holds"),
        pytest.param("kubectl get pods,secrets -ojson", "secret", id="secrets-among-others"),
        pytest.param("kubectl get secret/a -o jsonpath={.data}", "secret", id="by-slash"),
        pytest.param("kubectl delete pod a", "external-final", id="delete"),
        pytest.param("kubectl apply -f a.yaml --dry-run=none", "external", id="not-dry"),
        pytest.param("kubectl exec a -- rm -rf /data", "external", id="pod"),
        pytest.param("kubectl exec -it a -- sh", "interactive", id="pod-shell"),
        pytest.param("terraform output -json", "secret", id="all-outputs"),
        pytest.param("terraform output -raw db_password", "secret", id="secret-output"),
        pytest.param("terraform destroy", "external-final", id="destroy"),
    ],
)
def test_the_rest_asks(script: str, rule: str) -> None:
    found = assess_script(script)
    assert found.risk >= RiskClass.MEDIUM
    assert rule in {evidence.rule for evidence in found.evidence}
