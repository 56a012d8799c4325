//! The manifests for Kubernetes: each is valid, their numbers fit, and the server takes the
//! arguments and answers the probes.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use regex_lite::Regex;
use ws_echo_tests::programs::KUBERNETES_VALIDATE;
use ws_echo_tests::scripted_client::Client;
use ws_echo_tests::server::{self, Server, command, run};
use ws_echo_tests::sessions::expect_echo;

use super::deployed_file::{DeployedFile, Ports, path};

const DEPLOYMENT: &str = "kubernetes/deployment.yaml";
const AUTOSCALER: &str = "kubernetes/horizontalpodautoscaler.yaml";

/// Whether a manifest has only fields that Kubernetes knows, with values of the right kinds, and
/// what is said about it.
fn is_valid(manifest: PathBuf) -> (bool, String) {
    let mut command = KUBERNETES_VALIDATE.command();
    let (status, stdout, stderr) = run(command.arg("--strict").arg(manifest)).expect("it starts");
    (status.success(), stdout + &stderr)
}

#[test]
fn each_manifest_is_valid() {
    if !KUBERNETES_VALIDATE.is_there(&["--version"]) {
        return;
    }
    let manifests = fs::read_dir(path("kubernetes")).expect("the manifests");
    let mut number = 0;
    for manifest in manifests {
        let (is_valid, said) = is_valid(manifest.expect("a manifest").path());
        assert!(is_valid, "{said}");
        number += 1;
    }
    assert_eq!(number, 4);
    // A wrong one would be found.
    let wrong = [("periodSeconds: 10", "periodSecond: 10")];
    let wrong = DeployedFile::read(DEPLOYMENT).with(&wrong);
    let file = server::folder().join("wrong-deployment.yaml");
    fs::write(&file, wrong.text()).expect("a file can be written");
    let (is_valid, said) = is_valid(file);
    assert!(!is_valid && said.contains("periodSecond"), "{said}");
}

/// The only text that a pattern finds in parentheses.
fn only(pattern: &str, text: &str) -> String {
    let pattern = Regex::new(pattern).expect("a pattern");
    let found: Vec<_> = pattern.captures_iter(text).collect();
    assert_eq!(found.len(), 1, "{pattern:?}");
    found[0][1].to_owned()
}

#[test]
fn the_grace_period_fits_the_drain() {
    let deployment = DeployedFile::read(DEPLOYMENT);
    let seconds = |pattern: &str| {
        let seconds = only(pattern, deployment.text()).parse();
        Duration::from_secs(seconds.expect("a number of seconds"))
    };
    let grace = seconds(r"terminationGracePeriodSeconds: (\d+)");
    let delay = seconds(r"- --drain-delay=(\d+)s");
    let spread = seconds(r"- --drain-spread=(\d+)s");
    let timeout = seconds(r"- --drain-timeout=(\d+)s");
    let close_timeout = Duration::from_secs(5);
    assert!(spread + close_timeout <= timeout);
    assert!(delay + timeout < grace);
}

/// The answer to a GET.
fn get(ports: Ports, path: &str) -> String {
    let mut client = Client::connect(([127, 0, 0, 1], ports.admin).into());
    client.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    String::from_utf8(client.receive_rest()).expect("it is text")
}

#[test]
fn the_server_takes_the_arguments_and_answers_what_asks() {
    let ports = Ports::free();
    let deployment = DeployedFile::read(DEPLOYMENT).at(ports);
    let deployment = deployment.with(&[("--admin-listen=0.0.0.0", "--admin-listen=127.0.0.1")]);
    let lines = deployment.text().lines();
    let arguments = lines.filter_map(|line| line.trim().strip_prefix("- --"));
    let arguments: Vec<_> = arguments.map(|it| format!("--{it}")).collect();
    let mut command = command(arguments);
    // As in the image.
    command.env("WS_ECHO_LISTEN", "127.0.0.1:0");
    let server = Server::spawn(command.stderr(Stdio::piped()));
    expect_echo(&mut Client::greeted(server.address));
    let liveness = only(
        r"livenessProbe:\s+httpGet: \{ path: (\S+),",
        deployment.text(),
    );
    let readiness = only(
        r"readinessProbe:\s+httpGet: \{ path: (\S+),",
        deployment.text(),
    );
    let metrics = only(r"prometheus\.io/path: (\S+)", deployment.text());
    for path in [&liveness, &readiness, &metrics] {
        let answer = get(ports, path);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
    }
    let autoscaler = DeployedFile::read(AUTOSCALER);
    let metric = only(r"metric: \{ name: (\S+) \}", autoscaler.text());
    let answer = get(ports, &metrics);
    assert!(
        answer.contains(&format!("\n{metric} ")),
        "{metric}: {answer}"
    );
}
