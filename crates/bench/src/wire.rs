//! Plain HTTP/1.1 over one kept connection, with as little work as possible.

use crate::failure::{Failure, Outcome};
use std::io::{Error, ErrorKind};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No answer takes longer, unless the server is stopped or gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection, and what was read from it.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, until the next request.
pub struct Response<'a> {
    pub status: u16,
    head: &'a [u8],
    pub body: &'a [u8],
}

/// An answer to keep.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub replayed: bool,
    pub body: Vec<u8>,
}

impl Response<'_> {
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The answer, if it has one of these statuses.
    pub fn expect(self, statuses: &[u16], what: &str) -> Outcome<Self> {
        if statuses.contains(&self.status) {
            return Ok(self);
        }
        let text = String::from_utf8_lossy(&self.body);
        Err(Failure::new(format!("{what}: {} {text}", self.status)))
    }
}

impl Connection {
    pub async fn open(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
        })
    }

    /// Sends a request and reads the whole answer.
    pub async fn exchange(&mut self, request: &[u8]) -> std::io::Result<Response<'_>> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        let (head, whole) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(ends) = ends(&self.buffer)? {
                break ends;
            }
        };
        while self.buffer.len() < whole {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let (head, body) = self.buffer.split_at(head);
        let status = head.get(9..12).and_then(number);
        let status = status.and_then(|status| u16::try_from(status).ok());
        Ok(Response {
            status: status.ok_or(ErrorKind::InvalidData)?,
            head,
            body,
        })
    }
}

/// Where the head ends, and where the body does; none while the head is not whole.
fn ends(bytes: &[u8]) -> std::io::Result<Option<(usize, usize)>> {
    let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = at + 4;
    let bodiless = matches!(bytes.get(9..12), Some(b"204" | b"304"));
    let length = header(&bytes[..head], "content-length").and_then(|text| number(text.as_bytes()));
    match length {
        Some(length) => Ok(Some((head, head + length))),
        None if bodiless => Ok(Some((head, head))),
        None => Err(Error::new(ErrorKind::InvalidData, "an answer of no length")),
    }
}

fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(head).ok()?;
    let mut lines = text.split("\r\n").skip(1);
    lines.find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The bytes of a request.
pub fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<(&str, &str)>,
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: bench\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some((media, body)) = body {
        let length = body.len();
        text.push_str(&format!(
            "Content-Type: {media}\r\nContent-Length: {length}\r\n\r\n{body}"
        ));
    } else {
        text.push_str("\r\n");
    }
    text.into_bytes()
}

/// Sends requests with a token, over a connection that it opens again where it was lost.
pub struct Caller {
    address: String,
    authorization: String,
    connection: Option<Connection>,
}

impl Caller {
    pub fn new(address: &str, token: &str) -> Self {
        Self {
            address: address.to_owned(),
            authorization: format!("Bearer {token}"),
            connection: None,
        }
    }

    pub async fn get(&mut self, path: &str) -> std::io::Result<Answer> {
        self.send("GET", path, &[], None).await
    }

    /// JSON, under a key by which a retry is recognised.
    pub async fn post(&mut self, path: &str, key: &str, body: &str) -> std::io::Result<Answer> {
        let headers = [("Idempotency-Key", key)];
        let body = Some(("application/json", body));
        self.send("POST", path, &headers, body).await
    }

    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, &str)>,
    ) -> std::io::Result<Answer> {
        let mut all = vec![("Authorization", self.authorization.as_str())];
        all.extend_from_slice(headers);
        let request = request(method, path, &all, body);
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(&self.address).await?,
        };
        let exchange = connection.exchange(&request);
        let late = |_| Error::from(ErrorKind::TimedOut);
        let response = tokio::time::timeout(PATIENCE, exchange)
            .await
            .map_err(late)??;
        let answer = Answer {
            status: response.status,
            location: response.header("location").map(str::to_owned),
            replayed: response.header("idempotency-replayed").is_some(),
            body: response.body.to_vec(),
        };
        let closes = response.header("connection") == Some("close");
        self.connection = Some(connection).filter(|_| !closes);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-a: b\r\n\r\n{}";
        let (head, whole) = ends(bytes).unwrap().unwrap();
        assert_eq!((&bytes[head..], whole), (&b"{}"[..], bytes.len()));
        assert_eq!(header(&bytes[..head], "X-A"), Some("b"));
        assert!(ends(&bytes[..20]).unwrap().is_none());
        assert!(ends(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        let empty = ends(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        assert_eq!(empty, Some((27, 27)));
    }
}
