//! The operators' console of a platform, at a port of its own.

use super::party::{Http, Running, address, io, of};
use super::{CityError, Plan};
use crate::console::acts::{Acts, deliverers};
use crate::console::door::router;
use crate::console::look::Sources;
use crate::console::porter::Porter;
use crate::console::tape::Tape;
use crate::platform_http::developers::Api;
use operators::OperatorId;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use store::{MachineTime, Schema, StoreError};
use values::Id;

/// The operators' key, in the data directory.
const KEY_FILE: &str = "platform/operators.key";

/// The operators of a sandbox: two, so that whoever tries it alone can ask as one and approve as the other.
const SANDBOX: [(u128, &str); 2] = [(1, "Asha"), (2, "Wei")];

/// A running console.
pub struct ConsoleParty {
    /// Where it is.
    pub at: SocketAddr,
    porter: Porter,
    running: Running,
}

impl ConsoleParty {
    /// Starts it over these records; with a tape it shows messages too. What operators approve is carried out there, and
    /// in the interface whose keys they make.
    pub fn start(
        plan: &Plan,
        http: &Http,
        socket: TcpListener,
        sources: Sources,
        api: &Api,
        tape: Option<Arc<Tape>>,
    ) -> Result<ConsoleParty, CityError> {
        let at = address(&socket)?;
        let mut running = Running::default();
        let schema = store::rooms::operators::tables(Schema::new());
        // Operators come, act and stay away by the machine's time, however far the clock of a sandbox was moved.
        let clock = Arc::new(MachineTime(Arc::clone(&plan.clock)));
        let store = running.open_by(clock, plan, "operators", "platform/operators", schema)?;
        let defences = plan.defences.operators;
        let porter =
            Porter::open(&plan.data.join(KEY_FILE), store.clone(), at, defences).map_err(io(KEY_FILE))?;
        let acts = Arc::new(Acts::new(
            api.clone(),
            sources.acquirer.clone(),
            sources.banks.clone(),
            store.clone(),
            defences,
        ));
        api.accesses().tell(store.clone());
        // A sandbox's keys do alone what people try out; elsewhere two answer for it.
        if sources.test.is_none() {
            api.leave_to_operators(&porter.address());
        }
        running.serve(http, socket, router(sources, tape, porter.clone(), Arc::clone(&acts)))?;
        running.deliver(plan, "operators", &store, deliverers(&acts))?;
        Ok(ConsoleParty { at, porter, running })
    }

    /// Where a browser finds it: under a name, as passkeys want one.
    pub fn address(&self) -> String {
        self.porter.address()
    }

    /// An address that leads to founding an operator, once, within the hour; none where there are two already.
    pub fn founding_link(&self) -> Result<Option<String>, CityError> {
        let word = self.porter.founding_link().map_err(of("operators"))?;
        Ok(word.map(|word| format!("{}/enter?link={word}", self.address())))
    }

    /// Addresses that let the named operators of a sandbox in, once each, within the hour.
    pub fn sandbox_links(&self) -> Result<Vec<(String, String)>, CityError> {
        let link = |(id, name): &(u128, &str)| -> Result<(String, String), StoreError> {
            let operator: OperatorId = Id::from_u128(*id);
            let word = self.porter.sandbox_link(operator, name)?;
            Ok(((*name).to_owned(), format!("{}/enter?link={word}", self.address())))
        };
        SANDBOX.iter().map(link).collect::<Result<_, _>>().map_err(of("operators"))
    }

    /// The operators' records.
    pub fn store(&self) -> &store::Store {
        self.porter.store()
    }

    /// Ends it.
    pub fn end(self, patience: Duration) {
        self.running.end(patience);
    }
}
