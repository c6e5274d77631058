//! What the environment says of AWS, by the variables that its tools read.

use std::fmt;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey as Key};

use super::address::Endpoint;

const NO_SECRET: &str =
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together, and one of them is not set";
const NO_KEY: &str = "a key, a secret or a token has characters that none has; copy it again";
const NO_REGION: &str = "this is no region; it is as `eu-central-1`, or what your server calls it";
const METADATA: &str =
    "there are no credentials: AWS_ACCESS_KEY_ID is not set, and AWS_EC2_METADATA_DISABLED is";

/// Credentials of a user.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Login {
    pub(super) key: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
}

/// Shows nothing of them.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Reads variables; empty ones and the white space around a value do not count.
pub(super) struct Environment<F>(pub(super) F);

/// Where credentials come from that are not the user's own; see the documentation of the AWS SDKs.
const ROLES: [(&str, Key); 8] = [
    ("AWS_WEB_IDENTITY_TOKEN_FILE", Key::WebIdentityTokenFile),
    ("AWS_ROLE_ARN", Key::RoleArn),
    ("AWS_ROLE_SESSION_NAME", Key::RoleSessionName),
    ("AWS_ENDPOINT_URL_STS", Key::StsEndpoint),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", Key::ContainerCredentialsRelativeUri),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", Key::ContainerCredentialsFullUri),
    ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", Key::ContainerAuthorizationTokenFile),
    ("AWS_EC2_METADATA_SERVICE_ENDPOINT", Key::MetadataEndpoint),
];

impl<F: Fn(&str) -> Option<String>> Environment<F> {
    fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Returns the endpoint that is set: for S3 alone, else for all services.
    pub(super) fn endpoint(&self) -> Result<Option<Endpoint>, &'static str> {
        if self.is_on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
            return Ok(None);
        }
        let url = self.get("AWS_ENDPOINT_URL_S3").or_else(|| self.get("AWS_ENDPOINT_URL"));
        url.map(|url| Endpoint::parse(&url)).transpose()
    }

    /// Returns the region.
    pub(super) fn region(&self) -> Option<String> {
        self.get("AWS_REGION").or_else(|| self.get("AWS_DEFAULT_REGION"))
    }

    /// Returns the path of the file with the authorities that are trusted.
    pub(super) fn authorities(&self) -> Option<String> {
        self.get("AWS_CA_BUNDLE")
    }

    /// Returns the credentials that are set.
    pub(super) fn login(&self) -> Result<Option<Login>, &'static str> {
        match (self.get("AWS_ACCESS_KEY_ID"), self.get("AWS_SECRET_ACCESS_KEY")) {
            (Some(key), Some(secret)) => {
                Ok(Some(Login { key, secret, token: self.get("AWS_SESSION_TOKEN") }))
            }
            (None, None) => Ok(None),
            _ => Err(NO_SECRET),
        }
    }

    /// Has credentials come from where this machine or container has them.
    pub(super) fn roles(&self, mut builder: AmazonS3Builder) -> Result<AmazonS3Builder, &'static str> {
        let mut is_elsewhere = false;
        for (name, key) in ROLES {
            if let Some(value) = self.get(name) {
                is_elsewhere |= matches!(
                    key,
                    Key::WebIdentityTokenFile
                        | Key::ContainerCredentialsRelativeUri
                        | Key::ContainerCredentialsFullUri
                );
                builder = builder.with_config(key, value);
            }
        }
        if !is_elsewhere && self.is_on("AWS_EC2_METADATA_DISABLED") {
            return Err(METADATA);
        }
        Ok(builder)
    }
}

impl Login {
    /// Says what is wrong with credentials that no header can hold.
    pub(super) fn verify(&self) -> Result<(), &'static str> {
        let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let token = self.token.as_deref().unwrap_or("-");
        if [&*self.key, &*self.secret, token].into_iter().all(is_word) { Ok(()) } else { Err(NO_KEY) }
    }
}

/// Says what is wrong with a region that no header can hold.
pub(super) fn verify_region(region: &str) -> Result<(), &'static str> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=64).contains(&region.len()) && region.bytes().all(is_name) { Ok(()) } else { Err(NO_REGION) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'v>(variables: &'v [(&str, &str)]) -> Environment<impl Fn(&str) -> Option<String> + 'v> {
        Environment(move |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_variable_for_s3_comes_before_that_for_all_services() {
        let endpoint = |variables: &[_]| of(variables).endpoint().unwrap().map(|url| url.as_str().to_owned());
        let (all, own) = (("AWS_ENDPOINT_URL", "http://all/"), ("AWS_ENDPOINT_URL_S3", "http://own"));
        assert_eq!(endpoint(&[all, own]).as_deref(), Some("http://own"));
        assert_eq!(endpoint(&[all]).as_deref(), Some("http://all"));
        assert_eq!(endpoint(&[all, ("AWS_ENDPOINT_URL_S3", " ")]).as_deref(), Some("http://all"));
        assert_eq!(endpoint(&[all, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")]), None);
        assert_eq!(endpoint(&[]), None);
        assert!(of(&[("AWS_ENDPOINT_URL", "hunter2")]).endpoint().is_err());
    }

    #[test]
    fn the_region_comes_before_the_default_one() {
        let (own, usual) = (("AWS_REGION", "own"), ("AWS_DEFAULT_REGION", "usual"));
        assert_eq!(of(&[usual, own]).region().as_deref(), Some("own"));
        assert_eq!(of(&[usual]).region().as_deref(), Some("usual"));
    }

    #[test]
    fn half_a_login_is_none() {
        let (key, secret) = (("AWS_ACCESS_KEY_ID", "id\n"), ("AWS_SECRET_ACCESS_KEY", "hunter2"));
        let login = of(&[key, secret, ("AWS_SESSION_TOKEN", "token")]).login().unwrap().unwrap();
        assert_eq!((&*login.key, &*login.secret, login.token.as_deref()), ("id", "hunter2", Some("token")));
        assert!(login.verify().is_ok() && !format!("{login:?}").contains("hunter2"));
        assert_eq!(of(&[]).login(), Ok(None));
        assert_eq!(of(&[key]).login(), Err(NO_SECRET));
        assert_eq!(of(&[secret]).login(), Err(NO_SECRET));
    }

    #[test]
    fn what_no_header_can_hold_is_refused() {
        for key in ["", "a b", "a\nb", "ä"] {
            let login = Login { key: key.to_owned(), secret: "s".to_owned(), token: None };
            assert_eq!(login.verify(), Err(NO_KEY), "{key:?}");
        }
        assert_eq!(verify_region("eu-central-1"), Ok(()));
        assert_eq!(verify_region("auto"), Ok(()));
        assert_eq!(verify_region("eu\n"), Err(NO_REGION));
    }

    #[test]
    fn without_the_metadata_of_the_machine_something_else_must_have_credentials() {
        let off = ("AWS_EC2_METADATA_DISABLED", "true");
        let roles = |variables: &[_]| of(variables).roles(AmazonS3Builder::new()).err();
        assert_eq!(roles(&[off]), Some(METADATA));
        assert_eq!(roles(&[]), None);
        assert_eq!(roles(&[off, ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/a")]), None);
    }
}
