//! Proxies of others, in front of a server.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::programs::{ENVOY, HAPROXY, NGINX, Program};
#[cfg(unix)]
use crate::scripted_client::Client;
use crate::server::{self, Server, free_address};

/// The beginning of the block `http` of nginx, which thus writes nowhere but in its own folder.
pub const NGINX_HTTP: &str = "http { access_log off; client_body_temp_path client_body; \
     proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;";

/// nginx in front of a server, with these directives in its location, if it is installed.
///
/// # Panics
///
/// If it cannot be started.
pub fn nginx(name: &str, server: &Server, directives: &str) -> Option<Server> {
    let address = free_address();
    let configuration = format!(
        "events {{}}\n{NGINX_HTTP}\nserver {{ listen {address};\n\
         location / {{ proxy_pass http://{}; {directives} }} }} }}\n",
        server.address
    );
    start_nginx(name, &configuration, address)
}

/// nginx with this configuration, by which it listens at this address, if it is installed.
///
/// # Panics
///
/// If it cannot be started.
pub fn start_nginx(name: &str, configuration: &str, address: SocketAddr) -> Option<Server> {
    NGINX.is_there(&["-v"]).then(|| {
        let folder = folder(&format!("nginx-{name}"));
        write(&folder.join("nginx.conf"), configuration);
        let folder = folder.to_str().expect("it is text");
        let process = "daemon off; master_process off; pid nginx.pid;";
        let arguments = [
            "-c",
            "nginx.conf",
            "-e",
            "stderr",
            "-p",
            folder,
            "-g",
            process,
        ];
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
    let address = free_address();
    let configuration = format!(
        "global\n {global}\n\
         defaults\n mode http\n timeout connect 60s\n timeout client 60s\n timeout server 60s\n\
         {defaults}\n\
         frontend clients\n bind {address}\n default_backend servers\n\
         backend servers\n server echo {} {words}\n",
        server.address
    );
    start_haproxy(name, &configuration, address)
}

/// HAProxy with this configuration, by which it listens at this address, if it is installed.
///
/// # Panics
///
/// If it cannot be started.
pub fn start_haproxy(name: &str, configuration: &str, address: SocketAddr) -> Option<Server> {
    HAPROXY.is_there(&["-v"]).then(|| {
        let file = folder(&format!("haproxy-{name}")).join("haproxy.cfg");
        write(&file, configuration);
        let folder = file.parent().expect("it is in a folder");
        let folder = folder.to_str().expect("it is text");
        let arguments = ["-db", "-C", folder, "-f", "haproxy.cfg"];
        start(&HAPROXY, &arguments, address)
    })
}

/// What HAProxy says of one of its servers, such as `UP` or `DOWN`, at the socket `haproxy.sock` in
/// the folder of the one with this name.
///
/// # Panics
///
/// If it does not say so.
#[cfg(unix)]
pub fn haproxy_status(name: &str, server: &str) -> String {
    let mut client = Client::connect_unix(&path(&format!("haproxy-{name}")).join("haproxy.sock"));
    client.send("show stat\n");
    let table = String::from_utf8(client.receive_rest()).expect("a table of text");
    let mut rows = table
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let names = rows.next().expect("the names of the columns");
    let column = |name| names.iter().position(|it| *it == name);
    let [of_name, of_status] = ["svname", "status"].map(|it| column(it).expect("such a column"));
    let row = rows.find(|row| row.get(of_name) == Some(&server));
    row.expect("such a server")[of_status].to_owned()
}

/// Envoy with this configuration, by which it listens at this address, if it is installed.
///
/// # Panics
///
/// If it cannot be started.
pub fn start_envoy(name: &str, configuration: &str, address: SocketAddr) -> Option<Server> {
    ENVOY.is_there(&["--version"]).then(|| {
        let file = folder(&format!("envoy-{name}")).join("envoy.yaml");
        write(&file, configuration);
        let file = file.to_str().expect("it is text");
        // Otherwise a second one would be taken for a restart of the first.
        let arguments = ["--disable-hot-restart", "--concurrency", "2", "-c", file];
        start(&ENVOY, &arguments, address)
    })
}

fn start(program: &Program, arguments: &[&str], address: SocketAddr) -> Server {
    let mut command = program.command();
    command.args(arguments);
    Server::spawn_at(address, command.stdout(Stdio::null()).stderr(Stdio::null()))
}

fn write(file: &Path, configuration: &str) {
    fs::write(file, configuration).expect("a file can be written");
}

/// Where the folder of this name is.
fn path(name: &str) -> PathBuf {
    server::folder().join(name)
}

/// An empty folder of this name.
fn folder(name: &str) -> PathBuf {
    let folder = path(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}
