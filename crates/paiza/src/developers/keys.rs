//! `paiza keys`: the secret keys of the interface, made and revoked at the platform's desk.

use super::{Keys, PlatformDesk};
use crate::output::{Failure, Output};
use serde::Serialize;
use serde_json::json;
use server::client::{ClientError, agent, answer};
use server::platform_http::developers::desk::{KeyShown, KeyWish, Revocation};

pub(crate) fn run(what: &Keys, output: Output) -> Result<(), Failure> {
    match what {
        Keys::Add { desk, tenant, name, scopes } => {
            let wish = KeyWish { tenant: tenant.clone(), name: name.clone(), scopes: scopes.clone() };
            let key: KeyShown = post(desk, "/admin/keys", &wish)?;
            let secret = key.secret.clone().ok_or_else(|| Failure::malformed("the desk showed no key"))?;
            output.line(format!("{secret}  opens {} as {} ({})", key.tenant, key.name, key.id));
            output.line("It is shown this once and kept as a digest alone.");
            output.row(&json!(key));
        }
        Keys::List { desk } => {
            let asked = agent().get(format!("http://{}/admin/keys", desk.at)).call();
            let keys: Vec<KeyShown> = answer(asked).map_err(failure)?;
            for key in &keys {
                let state = key.revoked_at.as_ref().map_or_else(String::new, |at| format!(", revoked {at}"));
                output.line(format!("…{}  {}  {}  {}{state}", key.ends_with, key.id, key.tenant, key.name));
                output.row(&json!(key));
            }
        }
        Keys::Revoke { desk, id } => {
            let key: KeyShown = post(desk, "/admin/keys/revoke", &Revocation { id: id.clone() })?;
            output.line(format!("{} opens nothing any more.", key.id));
            output.row(&json!(key));
        }
    }
    output.summary(json!({}));
    Ok(())
}

fn post(desk: &PlatformDesk, path: &str, body: &impl Serialize) -> Result<KeyShown, Failure> {
    let body = serde_json::to_vec(body).expect("texts are JSON");
    let request = agent().post(format!("http://{}{path}", desk.at));
    answer(request.header("content-type", "application/json").send(&body[..])).map_err(failure)
}

fn failure(error: ClientError) -> Failure {
    match error {
        ClientError::Problem(_) => Failure::business(error),
        ClientError::Unreachable(why) => {
            Failure::unreachable(format!("nobody answers at this desk; is the platform running? ({why})"))
        }
        ClientError::Unreadable(_) => Failure::malformed("what answers there is no desk"),
    }
}
