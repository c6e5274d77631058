//! What a connection says before its first command: as little as the URL asks for.

use redis::{ErrorKind, ProtocolVersion, RedisConnectionInfo, RedisError, RedisResult, Value};

use super::command::packed;

/// The commands that let a connection in. It says what to send and is told the answer, until it is in:
///
/// `while let Some(command) = login.command() { login.take(send(command)?)?; }`
pub(super) struct Login<'s> {
    settings: &'s RedisConnectionInfo,
    user: Option<&'s str>,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Enter,
    Select,
    Done,
}

impl<'s> Login<'s> {
    pub(super) fn new(settings: &'s RedisConnectionInfo) -> Self {
        Self { settings, user: settings.username(), step: Step::Enter }
    }

    /// Returns what to send next, `None` at the end. Nothing is sent that is not needed: a proxy may refuse it.
    pub(super) fn command(&mut self) -> Option<Vec<u8>> {
        if let Step::Enter = self.step {
            if let Some(words) = self.entrance() {
                return Some(packed(&words));
            }
            self.step = Step::Select;
        }
        match (self.step, self.settings.db()) {
            (Step::Done, _) | (_, 0) => None,
            (Step::Enter | Step::Select, database) => Some(packed(&["SELECT", &database.to_string()])),
        }
    }

    fn entrance(&self) -> Option<Vec<&str>> {
        let password = self.settings.password();
        if self.is_resp3() {
            let login = password.map(|password| ["AUTH", self.user.unwrap_or("default"), password]);
            return Some(["HELLO", "3"].into_iter().chain(login.into_iter().flatten()).collect());
        }
        password.map(|password| ["AUTH"].into_iter().chain(self.user).chain([password]).collect())
    }

    /// Takes the answer to what was sent.
    pub(super) fn take(&mut self, answer: Value) -> RedisResult<()> {
        match (self.step, answer.extract_error()) {
            // a server before 6.0, which has passwords and no users
            (Step::Enter, Err(cause)) if self.user.is_some() && wants_fewer_arguments(&cause) => {
                self.user = None;
                return Ok(());
            }
            (Step::Enter, Err(cause)) if self.is_resp3() => return Err(no_resp3(cause)),
            (Step::Enter, Err(cause)) if is_of_the_server(&cause) => return Err(cause),
            (Step::Enter, Err(_)) => return Err(refused()),
            (_, Err(cause)) => return Err(cause),
            (Step::Enter, Ok(Value::Map(_) | Value::Array(_))) if self.is_resp3() => self.step = Step::Select,
            (Step::Enter, Ok(Value::Okay)) if !self.is_resp3() => self.step = Step::Select,
            (Step::Enter, Ok(_)) if !self.is_resp3() => return Err(refused()),
            (Step::Select | Step::Done, Ok(Value::Okay)) => self.step = Step::Done,
            (_, Ok(_)) => return Err((ErrorKind::UnexpectedReturnType, "no answer to a login").into()),
        }
        Ok(())
    }

    fn is_resp3(&self) -> bool {
        self.settings.protocol() != ProtocolVersion::RESP2
    }
}

fn wants_fewer_arguments(cause: &RedisError) -> bool {
    says(cause, "wrong number of arguments for 'auth'")
}

fn says(cause: &RedisError, words: &str) -> bool {
    cause.detail().is_some_and(|detail| detail.contains(words))
}

/// Tells whether this is about the server, which says it in the place of its first answer, and not about the user.
fn is_of_the_server(cause: &RedisError) -> bool {
    cause.code() == Some("LOADING") || says(cause, "max number of clients")
}

/// The error of a server that does not take the user or the password, whatever it says to that.
fn refused() -> RedisError {
    (ErrorKind::AuthenticationFailed, "AUTH is refused").into()
}

fn no_resp3(cause: RedisError) -> RedisError {
    match cause.code() {
        Some("ERR" | "NOPROTO") => (ErrorKind::RESP3NotSupported, "HELLO is refused").into(),
        _ => cause,
    }
}
