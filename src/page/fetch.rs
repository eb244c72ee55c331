//! Reads a page from its address. No request carries a key, and a page that anybody can write
//! leads nowhere inside the network that errproof runs in.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use reqwest::{
    Client, Response, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderValue, LOCATION},
};
use tokio::{net::lookup_host, time::timeout};

use crate::exchange::{
    capped::{Capped, read_at_most},
    cause::innermost,
    message::Ending,
    sender::{AGENT, builder},
};

/// The largest page that is read. A long documentation page has some hundred kilobytes.
pub const LARGEST_PAGE: usize = 4 << 20;

/// Browsers follow 20; a page that has moved that often has a loop.
const MOST_REDIRECTS: usize = 10;

/// How long all of it may take, redirects included. A page that people read is there within seconds.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A page as a server gave it.
#[derive(Debug)]
pub struct Fetched {
    /// Where it was in the end.
    pub url: Url,
    /// The status of the answer.
    pub status: u16,
    /// Its media type, in lower case, without parameters.
    pub media: String,
    /// Its text.
    pub text: String,
}

/// Why there is no page to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoPage {
    /// The server leads astray, or sends what is no page: it would do so again.
    Refused(String),
    /// Nobody can tell: no connection, or not in time.
    Unreachable(String),
}

impl fmt::Display for NoPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) | Self::Unreachable(why) => f.write_str(why),
        }
    }
}

/// The address of a page.
///
/// # Errors
/// Why a text is none.
pub fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    match url.scheme() {
        "http" | "https" if !url.username().is_empty() || url.password().is_some() => {
            Err("expected no credentials in it: pages are read without any".to_owned())
        }
        "http" | "https" => Ok(url),
        other => Err(format!("expected http or https, got {other}")),
    }
}

/// Reads a page, and follows where its server leads.
///
/// # Errors
/// If there is no page to read.
pub async fn fetch(url: &Url, deadline: Duration) -> Result<Fetched, NoPage> {
    timeout(deadline, follow(url)).await.unwrap_or_else(|_| {
        Err(NoPage::Unreachable(format!("no complete page within {} s", deadline.as_secs_f32())))
    })
}

async fn follow(first: &Url) -> Result<Fetched, NoPage> {
    let mut url = first.clone();
    let mut inside = None;
    for _ in 0..=MOST_REDIRECTS {
        let addresses = resolve(&url).await;
        let ips: Vec<IpAddr> = addresses.iter().map(SocketAddr::ip).collect();
        inside =
            Some(may_go_to(&ips, inside).map_err(|why| NoPage::Refused(format!("{url} {why}")))?);
        let response = client(&url, &addresses)?
            .get(url.clone())
            .header(ACCEPT, "text/html, text/markdown;q=0.9, text/plain;q=0.8, */*;q=0.1")
            .send()
            .await
            .map_err(|error| NoPage::Unreachable(innermost(&error)))?;
        let location = match response.headers().get(LOCATION) {
            Some(location) if response.status().is_redirection() => location,
            _ => return read(url, response).await,
        };
        url = next(&url, location).ok_or_else(|| {
            NoPage::Refused(format!("{url} redirects to something that is not a web address"))
        })?;
        // The part of a page that was asked for stays the same (RFC 9110, section 10.2.2).
        if url.fragment().is_none() {
            url.set_fragment(first.fragment());
        }
    }
    Err(NoPage::Refused(format!("it redirects more than {MOST_REDIRECTS} times")))
}

/// Where a page leads to, if that is the address of a page.
fn next(from: &Url, location: &HeaderValue) -> Option<Url> {
    let next = from.join(location.to_str().ok()?).ok()?;
    address(next.as_str()).is_ok().then_some(next)
}

/// The addresses of a host. None if they cannot be looked up: then a proxy may know them, or the
/// connection says why not.
async fn resolve(url: &Url) -> Vec<SocketAddr> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or_default();
    lookup_host((host, port)).await.map(Iterator::collect).unwrap_or_default()
}

/// A client for one step of the way, bound to the addresses that were looked at: a second look-up
/// could give others.
fn client(url: &Url, addresses: &[SocketAddr]) -> Result<Client, NoPage> {
    let builder =
        builder(url).map_err(|why| NoPage::Unreachable(format!("failed to set up TLS: {why}")))?;
    let builder = builder.user_agent(AGENT);
    let builder = match url.host_str() {
        Some(host) if !addresses.is_empty() => builder.resolve_to_addrs(host, addresses),
        _ => builder,
    };
    Ok(builder.build().expect("a client with fixed settings can be built"))
}

async fn read(url: Url, mut response: Response) -> Result<Fetched, NoPage> {
    let media = response.headers().get(CONTENT_TYPE).and_then(|media| media.to_str().ok());
    let media = media.unwrap_or_default().split(';').next().unwrap_or_default();
    let media = media.trim().to_ascii_lowercase();
    let status = response.status().as_u16();
    let Capped { bytes, ending } = read_at_most(&mut response, LARGEST_PAGE).await;
    match ending {
        Ending::Complete => {}
        Ending::TooLong => {
            return Err(NoPage::Refused(format!("it has more than {LARGEST_PAGE} bytes")));
        }
        Ending::Broken(why) => return Err(NoPage::Unreachable(why)),
    }
    let text = String::from_utf8(bytes).ok().filter(|text| is_text(text));
    let text = text.ok_or_else(|| NoPage::Refused("it is not text in UTF-8".to_owned()))?;
    Ok(Fetched { url, status, media, text })
}

/// Whether the way may go on to a host with these addresses: somebody who begins inside the network
/// may stay there, but nobody else is led into it (server-side request forgery). `inside` is
/// whether the way began there, none at its beginning; what comes out is the same for the next step.
fn may_go_to(addresses: &[IpAddr], inside: Option<bool>) -> Result<bool, &'static str> {
    // Where clouds keep a machine's own credentials is nobody's page.
    if addresses.iter().copied().any(is_link_local) {
        return Err("is an address of this machine's own network");
    }
    let is_inside = addresses.iter().copied().any(is_inside);
    match inside {
        Some(false) if is_inside => {
            Err("is inside this network, but the page that redirects there is not")
        }
        Some(began_inside) => Ok(began_inside),
        None => Ok(is_inside),
    }
}

/// Whether it is what a person reads: pictures and UTF-16 have zeros in them.
pub(super) fn is_text(text: &str) -> bool {
    !text.contains('\0')
}

fn is_inside(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            // 100.64.0.0/10 is what providers use inside (RFC 6598).
            let shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
            address.is_loopback() || address.is_private() || address.is_unspecified() || shared
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unspecified() || address.is_unique_local()
        }
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_into_this_network_from_outside() {
        const OUTSIDE: &[&str] = &["93.184.216.34", "2606:2800::1"];
        // The addresses of one step after the other, and whether the last one may be gone to.
        let rows: [(&[&[&str]], bool); 12] = [
            (&[OUTSIDE, OUTSIDE], true),
            (&[&["127.0.0.1"], &["10.1.2.3"]], true),
            (&[&["127.0.0.1"], OUTSIDE, &["127.0.0.1"]], true),
            (&[&[], &[]], true),
            (&[OUTSIDE, &["127.0.0.1"]], false),
            (&[OUTSIDE, &["93.184.216.34", "192.168.0.1"]], false),
            (&[OUTSIDE, &["::1"]], false),
            (&[OUTSIDE, &["::ffff:10.0.0.1"]], false),
            (&[OUTSIDE, &["fd00::1"]], false),
            (&[OUTSIDE, &["100.64.0.1"]], false),
            (&[&["169.254.169.254"]], false),
            (&[&["127.0.0.1"], &["fe80::1"]], false),
        ];
        for (steps, may) in rows {
            let mut way = Ok(None);
            for step in steps {
                let step: Vec<_> = step.iter().map(|ip| ip.parse().expect("an address")).collect();
                way = way.and_then(|inside| may_go_to(&step, inside).map(Some));
            }
            assert_eq!(way.is_ok(), may, "{steps:?}");
        }
    }
}
