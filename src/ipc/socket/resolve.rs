//! Names of hosts, without NSS.
//!
//! A static binary must not call getaddrinfo(3), for the reason that [`users`](crate::ipc::users) tells.
//! Numbers need nobody; names come from `/etc/hosts`, and then from one run of getent(1), which asks
//! whatever this machine asks.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::{Command, Stdio};

use super::TcpName;

/// The addresses of a name, the best first; NotFound where nobody knows it.
pub(super) fn addresses(name: &TcpName) -> io::Result<Vec<SocketAddr>> {
    let found = numbers(&name.host);
    if found.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "no host of this name is known"));
    }
    Ok(found.into_iter().map(|number| SocketAddr::new(number, name.port)).collect())
}

fn numbers(host: &str) -> Vec<IpAddr> {
    if let Ok(number) = host.parse() {
        return vec![number];
    }
    match host {
        "*" => return vec![Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()],
        // RFC 6761: it is never anything else.
        "localhost" => return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        _ => {}
    }
    let found = of_hosts(&fs::read_to_string("/etc/hosts").unwrap_or_default(), host);
    if found.is_empty() { of_getent(&getent(host)) } else { found }
}

/// What hosts(5) says.
fn of_hosts(text: &str, host: &str) -> Vec<IpAddr> {
    let entries = text.lines().filter_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let number = words.next()?.parse().ok()?;
        words.any(|name| name.eq_ignore_ascii_case(host)).then_some(number)
    });
    entries.collect()
}

/// Each line of `getent ahosts` begins with a number and the type of socket that it is for.
fn of_getent(text: &str) -> Vec<IpAddr> {
    let entries = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let number = words.next()?.parse().ok()?;
        (words.next() == Some("STREAM")).then_some(number)
    });
    entries.collect()
}

fn getent(host: &str) -> String {
    let output =
        Command::new("getent").args(["--", "ahosts", host]).stdin(Stdio::null()).stderr(Stdio::null()).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_getent_are_read() {
        let hosts = "127.0.0.1 localhost\n# 1.2.3.4 box\n10.0.0.1\tBox box.lan # x\n::2 box\nbad box\n";
        assert_eq!(
            of_hosts(hosts, "box"),
            ["10.0.0.1".parse::<IpAddr>().expect("a number"), "::2".parse().expect("too")]
        );
        let said = "10.0.0.7 STREAM box.lan\n10.0.0.7 DGRAM\n10.0.0.7 RAW\n::7 STREAM\n";
        assert_eq!(of_getent(said).len(), 2);
    }

    #[test]
    fn numbers_and_localhost_need_nobody() {
        assert_eq!(numbers("::1"), [IpAddr::from(Ipv6Addr::LOCALHOST)]);
        assert_eq!(numbers("localhost")[0], IpAddr::from(Ipv4Addr::LOCALHOST));
    }
}
