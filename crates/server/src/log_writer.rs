//! Where log lines go: to stderr, and in a server by a thread of its own, so that no request waits
//! for a slow terminal or a full pipe.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait; what comes beyond is left out.
const WAITING: usize = 8_192;

/// Hands lines to the thread.
#[derive(Clone)]
pub struct Lines(SyncSender<Message>);

enum Message {
    Line(Vec<u8>),
    End,
}

/// The thread; what waits is written when it is dropped.
pub struct Writer {
    lines: Lines,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub fn start() -> io::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_all(&receiver))?;
        Ok(Self {
            lines: Lines(sender),
            thread: Some(thread),
        })
    }

    pub fn lines(&self) -> Lines {
        self.lines.clone()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.lines.0.send(Message::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn write_all(messages: &Receiver<Message>) {
    let mut out = io::stderr();
    while let Ok(Message::Line(mut lines)) = messages.recv() {
        // What else waits goes out in the same call.
        let mut ended = false;
        while let Ok(more) = messages.try_recv() {
            match more {
                Message::Line(line) => lines.extend_from_slice(&line),
                Message::End => {
                    ended = true;
                    break;
                }
            }
        }
        let _ = out.write_all(&lines);
        if ended {
            return;
        }
    }
}

/// One line in the making; handed over whole.
pub struct Line {
    text: Vec<u8>,
    lines: Lines,
}

impl Write for Line {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = std::mem::take(&mut self.text);
        // Nobody reads as fast as this is written: the line is lost rather than the request late.
        if let Err(TrySendError::Disconnected(_)) = self.lines.0.try_send(Message::Line(text)) {
            let _ = io::stderr().write_all(b"the log has ended\n");
        }
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line {
            text: Vec::with_capacity(512),
            lines: self.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_handed_over_whole_and_none_waits() {
        let (sender, receiver) = sync_channel(2);
        let lines = Lines(sender);
        for text in ["one", "two", "three is left out"] {
            let mut line = lines.make_writer();
            let (start, end) = text.split_at(2);
            line.write_all(start.as_bytes()).unwrap();
            line.write_all(end.as_bytes()).unwrap();
        }
        drop(lines);
        let told: Vec<Vec<u8>> = receiver
            .into_iter()
            .filter_map(|message| match message {
                Message::Line(text) => Some(text),
                Message::End => None,
            })
            .collect();
        assert_eq!(told, [b"one".to_vec(), b"two".to_vec()]);
    }
}
