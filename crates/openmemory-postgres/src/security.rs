//! How is a connection secured? The URL says it in libpq's words, `sslmode`, `sslrootcert`, `sslcert` and `sslkey`; without them
//! a host that is not this machine has to prove its name.

use std::net::IpAddr;
use std::path::PathBuf;

use openmemory_domain::Invalid;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// What a server has to prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing is encrypted.
    Disable,
    /// Encrypted, with whoever answers.
    Require,
    /// That a trusted authority has certified it, under any name.
    VerifyCa,
    /// That a trusted authority has certified it under the name that the URL has.
    VerifyFull,
}

/// Who is trusted to certify servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Authorities {
    /// Those of the system.
    System,
    /// Those in a file of PEM.
    File(PathBuf),
}

/// How a client proves to a server who it is: files of PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientCertificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Security {
    pub mode: Mode,
    pub authorities: Authorities,
    pub client: Option<ClientCertificate>,
}

/// A URL without what is said of its security, which the driver does not know, and that.
pub(crate) struct Split {
    pub url: String,
    mode: Option<Mode>,
    authorities: Option<Authorities>,
    client: Option<ClientCertificate>,
}

/// Takes `sslmode`, `sslrootcert`, `sslcert` and `sslkey` out of a URL.
pub(crate) fn split(url: &str) -> Result<Split, Invalid> {
    let (mut mode, mut authorities) = (None, None);
    let (mut certificate, mut key) = (None, None);
    let Some((before, query)) = url.split_once('?').filter(|_| url.contains("://")) else {
        return Ok(Split { url: url.to_owned(), mode, authorities, client: None });
    };
    let mut kept = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(read_mode(value)?),
            Some(("sslrootcert", value)) => {
                let path = decoded(value).ok_or_else(|| wrong("has an sslrootcert that is no UTF-8"))?;
                authorities = Some(match path.as_str() {
                    "" => return Err(wrong("has an empty sslrootcert; name a file of certificates, or system")),
                    "system" => Authorities::System,
                    _ => Authorities::File(path.into()),
                });
            }
            Some(("sslcert", value)) => certificate = Some(file(value, "has an sslcert that names no file")?),
            Some(("sslkey", value)) => key = Some(file(value, "has an sslkey that names no file")?),
            _ => kept.push(pair),
        }
    }
    let url = if kept.is_empty() { before.to_owned() } else { format!("{before}?{}", kept.join("&")) };
    let client = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(ClientCertificate { certificate, key }),
        (None, None) => None,
        _ => return Err(wrong("has only one of sslcert and sslkey; name the file of the other one too")),
    };
    Ok(Split { url, mode, authorities, client })
}

fn file(value: &str, problem: &'static str) -> Result<PathBuf, Invalid> {
    decoded(value).filter(|path| !path.is_empty()).map(PathBuf::from).ok_or_else(|| wrong(problem))
}

fn read_mode(value: &str) -> Result<Mode, Invalid> {
    Ok(match value {
        "disable" => Mode::Disable,
        "require" => Mode::Require,
        "verify-ca" => Mode::VerifyCa,
        "verify-full" => Mode::VerifyFull,
        // They would go on in the clear without a word.
        "allow" | "prefer" => {
            return Err(wrong(
                "has an sslmode that does not say whether memories are encrypted; use verify-full, or disable",
            ));
        }
        _ => return Err(wrong("has an unknown sslmode; use verify-full, verify-ca, require or disable")),
    })
}

impl Split {
    /// What holds for these hosts.
    pub(crate) fn security(self, config: &Config) -> Security {
        let Self { mode, authorities, client, .. } = self;
        let mode = match (mode, &authorities) {
            // As libpq does: who names authorities wants them asked.
            (Some(Mode::Require), Some(_)) => Mode::VerifyCa,
            (Some(mode), _) => mode,
            (None, None) if client.is_none() && is_this_machine(config) => Mode::Disable,
            (None, _) => Mode::VerifyFull,
        };
        Security { mode, authorities: authorities.unwrap_or(Authorities::System), client }
    }
}

fn is_this_machine(config: &Config) -> bool {
    let is_local = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(is_local) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn wrong(problem: &'static str) -> Invalid {
    Invalid::argument("store", problem)
}

/// A value of a query, whose `%` escapes are decoded.
fn decoded(value: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(value.len()), value.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |digit: Option<u8>| char::from(digit?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                (high * 16 + low) as u8
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    fn security(url: &str) -> Result<(Mode, Authorities), Invalid> {
        let split = split(url)?;
        let config = Config::from_str(&split.url).unwrap();
        let Security { mode, authorities, .. } = split.security(&config);
        Ok((mode, authorities))
    }

    #[test]
    fn this_machine_is_trusted_and_every_other_has_to_prove_its_name() {
        for local in ["postgres://localhost/x", "postgres://127.0.0.1:6000/x", "postgres://[::1]/x", "host=/run/pg"] {
            assert_eq!(security(local).unwrap().0, Mode::Disable, "{local}");
        }
        for other in ["postgres://db.example/x", "postgres://10.0.0.1/x", "postgres://localhost,db/x"] {
            assert_eq!(security(other).unwrap(), (Mode::VerifyFull, Authorities::System), "{other}");
        }
    }

    #[test]
    fn the_url_says_what_is_proved_and_by_whom() {
        let file = || Authorities::File("/etc/my ca.pem".into());
        for (query, expected) in [
            ("sslmode=disable", (Mode::Disable, Authorities::System)),
            ("sslmode=require", (Mode::Require, Authorities::System)),
            ("sslmode=require&sslrootcert=/etc/my%20ca.pem", (Mode::VerifyCa, file())),
            ("sslrootcert=/etc/my%20ca.pem&application_name=x", (Mode::VerifyFull, file())),
            ("sslmode=verify-ca&sslrootcert=system", (Mode::VerifyCa, Authorities::System)),
        ] {
            assert_eq!(security(&format!("postgres://db/x?{query}")).unwrap(), expected, "{query}");
        }
        assert_eq!(security("postgres://localhost/x?sslrootcert=/a").unwrap().0, Mode::VerifyFull);
        for refused in [
            "sslcert=/a",
            "sslkey=/a",
            "sslcert=&sslkey=/a",
            "sslmode=prefer",
            "sslmode=allow",
            "sslmode=yes",
            "sslrootcert=",
            "sslrootcert=%ff",
            "sslrootcert=%2",
        ] {
            assert_eq!(security(&format!("postgres://db/x?{refused}")).unwrap_err().field, "store", "{refused}");
        }
        let named = split("postgres://localhost/x?sslcert=/my%20cert.pem&sslkey=/key.pem").unwrap();
        let client = ClientCertificate { certificate: "/my cert.pem".into(), key: "/key.pem".into() };
        assert_eq!(named.client, Some(client));
        assert_eq!(named.url, "postgres://localhost/x");
        // Who proves itself wants the server to do so too.
        assert_eq!(security("postgres://localhost/x?sslcert=/a&sslkey=/b").unwrap().0, Mode::VerifyFull);
        // The driver reads the rest.
        assert_eq!(
            split("postgres://db/x?sslmode=require&connect_timeout=3").unwrap().url,
            "postgres://db/x?connect_timeout=3"
        );
    }
}
