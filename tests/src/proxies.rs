//! Proxies of others, in front of a server.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use crate::programs::{HAPROXY, NGINX, Program};
use crate::server::{self, Server, free_address};

/// nginx in front of a server, with these directives in its location, if it is installed.
///
/// # Panics
///
/// If it cannot be started.
pub fn nginx(name: &str, server: &Server, directives: &str) -> Option<Server> {
    NGINX.is_there(&["-v"]).then(|| {
        let folder = folder(&format!("nginx-{name}"));
        let address = free_address();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary
            .map(|it| format!("{it}_temp_path {it};"))
            .join(" ");
        let configuration = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr;\n\
             events {{}}\nhttp {{ access_log off; {temporary}\nserver {{ listen {address};\n\
             location / {{ proxy_pass http://{}; {directives} }} }} }}\n",
            server.address
        );
        fs::write(folder.join("nginx.conf"), configuration).expect("a file can be written");
        let folder = folder.to_str().expect("it is text");
        let arguments = ["-c", "nginx.conf", "-e", "stderr", "-p", folder];
        start(&NGINX, &arguments, address)
    })
}

/// HAProxy in front of a server, with these global settings, if it is installed.
///
/// # Panics
///
/// If it cannot be started.
pub fn haproxy(name: &str, server: &Server, global: &str) -> Option<Server> {
    configured_haproxy(name, server, global, "", "")
}

/// The same with these lines in its defaults, and these words behind the server's address.
///
/// # Panics
///
/// If it cannot be started.
pub fn haproxy_with(name: &str, server: &Server, defaults: &str, words: &str) -> Option<Server> {
    configured_haproxy(name, server, "", defaults, words)
}

fn configured_haproxy(
    name: &str,
    server: &Server,
    global: &str,
    defaults: &str,
    words: &str,
) -> Option<Server> {
    HAPROXY.is_there(&["-v"]).then(|| {
        let address = free_address();
        let configuration = format!(
            "global\n {global}\n\
             defaults\n mode http\n timeout connect 60s\n timeout client 60s\n timeout server 60s\n\
             {defaults}\n\
             frontend clients\n bind {address}\n default_backend servers\n\
             backend servers\n server echo {} {words}\n",
            server.address
        );
        let file = folder(&format!("haproxy-{name}")).join("haproxy.cfg");
        fs::write(&file, configuration).expect("a file can be written");
        let file = file.to_str().expect("it is text");
        start(&HAPROXY, &["-db", "-f", file], address)
    })
}

fn start(program: &Program, arguments: &[&str], address: SocketAddr) -> Server {
    let mut command = program.command();
    command.args(arguments);
    Server::spawn_at(address, command.stdout(Stdio::null()).stderr(Stdio::null()))
}

/// An empty folder of this name.
fn folder(name: &str) -> PathBuf {
    let folder = server::folder().join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}
