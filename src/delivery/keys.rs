//! The secrets that the deliveries of a run need, out of the environment.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::due::Errand;
use super::error::DeliveryError;
use super::file::{Channel, Delivery, Hook, HookPlace};
use super::place;
use super::secret::Secret;
use crate::model::lang::{Text, both};

/// The secrets of a run, by the names of their variables.
#[derive(Debug, Default)]
pub(super) struct Keys {
    by_name: BTreeMap<String, Secret>,
}

impl Keys {
    /// Reads all that these deliveries need; nothing is sent if one of them is not there.
    ///
    /// # Errors
    /// A variable is not set, or empty, or holds an address that may not be called. Its value is not repeated.
    pub fn read(
        delivery: &Delivery,
        errands: &[Errand<'_>],
        environment: &(dyn Fn(&str) -> Option<String> + Sync),
    ) -> Result<Keys, DeliveryError> {
        let mut by_name = BTreeMap::new();
        let mut missing = Vec::new();
        let mut addresses = BTreeSet::new();
        for errand in errands {
            for name in names(delivery, errand.channel) {
                match environment(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()) {
                    Some(value) => drop(by_name.insert(name.to_owned(), Secret::new(value))),
                    None if missing.contains(&name) => {}
                    None => missing.push(name),
                }
            }
            if let Channel::Webhook(Hook { place: HookPlace::Env(name), .. }) = errand.channel {
                addresses.insert(name.as_str());
            }
        }
        if !missing.is_empty() {
            let names = missing.join(", ");
            return Err(DeliveryError::Variable {
                what: both!(
                    "переменная окружения не задана: {names}\n    её называет {0}; задайте её там, где запускаете `voronka send`",
                    "the environment variable is not set: {names}\n    {0} names it; set it where `voronka send` is run",
                    delivery.file
                ),
            });
        }
        let keys = Keys { by_name };
        for name in addresses {
            keys.address(name, &delivery.hosts)
                .map_err(|what| DeliveryError::Variable { what: Text::same(format!("{name}: ")).and(what) })?;
        }
        Ok(keys)
    }

    /// The secret in a variable.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.by_name.get(name)
    }

    /// All of them: to be struck out of what others say.
    pub fn all(&self) -> Vec<Secret> {
        self.by_name.values().cloned().collect()
    }

    /// The address that a variable holds; why it may not be called, without repeating more of it than its host.
    pub fn address(&self, name: &str, hosts: &[String]) -> Result<Url, Text> {
        let none = || Text::new("в ней не адрес в сети", "it holds no address of the web");
        let url = self.get(name).and_then(|secret| Url::parse(secret.expose()).ok());
        let url = url.filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host()).ok_or_else(none)?;
        place::reachable(&url, hosts).map_err(|wrong| wrong.what.and(Text::same("\n    ")).and(wrong.hint))?;
        Ok(url)
    }
}

/// The variables that a channel needs.
fn names<'d>(delivery: &'d Delivery, channel: &'d Channel) -> Vec<&'d str> {
    let token = |bot: &'d Option<super::file::Bot>| bot.iter().map(|bot| bot.token_env.as_str()).collect();
    match channel {
        Channel::Mail(_) => {
            let login = delivery.mail.iter().filter_map(|mail| mail.login.as_ref());
            login.map(|(_, password)| password.as_str()).collect()
        }
        Channel::Telegram(_) => token(&delivery.telegram),
        Channel::Max(_) => token(&delivery.max),
        Channel::Webhook(hook) => {
            let address = match &hook.place {
                HookPlace::Env(name) => Some(name.as_str()),
                HookPlace::File(_) => None,
            };
            address.into_iter().chain(hook.token_env.as_deref()).collect()
        }
    }
}
