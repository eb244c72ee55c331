//! The bundled API behind HTTP for days, for people who write clients: in front of the same state
//! machine as in a test run, but not by wiremock, which keeps every request in memory.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Collected, Full, Limited};
use hyper::{
    Request as HttpRequest, Response,
    body::{Body as _, Bytes, Incoming},
    http::uri::PathAndQuery,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{net::TcpListener, time};

use super::{
    api::Reply,
    server::{Front, secret},
};
use crate::exchange::{clock::pause, message::Request};

/// No body of this API comes near it; what is longer is refused, so that no client fills the memory.
const LONGEST_BODY: usize = 16 << 20;

/// A client that is slower than this with a request's head, or idle for as long, is let go.
const HEAD_DEADLINE: Duration = Duration::from_secs(60);

/// How long requests that are being answered may take when the end is asked for.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// A port that is open, and the API that will answer there.
#[derive(Debug)]
#[must_use = "nobody is answered before it runs"]
pub struct Serving {
    listener: TcpListener,
    front: Arc<Front>,
}

impl Serving {
    /// Opens a port.
    ///
    /// # Errors
    /// If it cannot be opened: somebody else has it, or it is not ours to have.
    pub async fn open(address: SocketAddr, front: Front) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, front: Arc::new(front) })
    }

    /// Where it is, with the port that was chosen if any would do.
    ///
    /// # Errors
    /// If the system does not know.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `end`, then finishes what is being answered.
    pub async fn run(self, end: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let mut end = std::pin::pin!(end);
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = &mut end => break,
            };
            let Ok((stream, _)) = accepted else {
                // Too many connections at once: some end soon.
                time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Without it an answer can wait for 40 ms for the client's next word.
            stream.set_nodelay(true).ok();
            let front = Arc::clone(&self.front);
            let service = service_fn(move |request| answer(Arc::clone(&front), request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_DEADLINE)
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(graceful.watch(connection));
        }
        drop(self.listener);
        time::timeout(LAST_ANSWERS, graceful.shutdown()).await.ok();
    }
}

async fn answer(
    front: Arc<Front>,
    request: HttpRequest<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let read = if body.is_end_stream() {
        Ok(Bytes::new())
    } else {
        Limited::new(body, LONGEST_BODY).collect().await.map(Collected::to_bytes)
    };
    let body = match read {
        Ok(body) => body,
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            return Ok(response(front.too_long()));
        }
        Err(_) => {
            let mut broken = Response::new(Full::from("the body broke off\n"));
            *broken.status_mut() = hyper::StatusCode::BAD_REQUEST;
            return Ok(broken);
        }
    };
    let reply = front.reply(&Request {
        method: head.method.as_str().to_owned().into(),
        path: head.uri.path_and_query().map_or("/", PathAndQuery::as_str).into(),
        headers: secret(&head.headers),
        body: body.into(),
        signing: None,
    });
    pause(reply.after).await;
    Ok(response(reply))
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Full::from(reply.body)).expect("the mock's own headers can be sent")
}
