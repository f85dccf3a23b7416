//! The parties of account payment at free ports, with phones.

use crate::small_city::Recorder;
use crate::street::NOW;
use server::city::{Http, Plan, Ports, Running, TelephoneNetwork, UpiParties, upi_parties};
use server::trace::Watch;
use server::upi::app::Shown;
use server::upi::phone::{NewUpiPhone, UpiPhone, UpiPhoneError};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::TestClock;
use values::{Currency, Money, SecretBytes};

pub(crate) struct UpiTown {
    pub(crate) parties: UpiParties,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) running: Vec<Running>,
    pub(crate) telephone: TelephoneNetwork,
    _http: Http,
    folder: tempfile::TempDir,
}

pub(crate) const ASHA: (&str, &str, &str) = ("+919800000001", "AMBR", "417201 1230");
pub(crate) const RAVI: (&str, &str, &str) = ("+919800000002", "BNYN", "417202 1129");
pub(crate) const MEERA: (&str, &str, &str) = ("+919800000003", "CORL", "417203 0230");
pub(crate) const DEV: (&str, &str, &str) = ("+919800000004", "DEOD", "417204 0830");

pub(crate) const CHAI: (&str, &str, &str) = ("+919800000005", "BNYN", "417205 0930");

pub(crate) fn rupees(text: &str) -> Money {
    Money::parse(text, Currency::INR).unwrap()
}

pub(crate) fn pin(digits: &str) -> SecretBytes {
    SecretBytes::new(digits.as_bytes().to_vec())
}

impl UpiTown {
    pub(crate) fn new() -> UpiTown {
        UpiTown::planned(|_| ())
    }

    pub(crate) fn planned(change: impl FnOnce(&mut Plan)) -> UpiTown {
        let folder = tempfile::tempdir().unwrap();
        UpiTown::in_folder(folder, Arc::new(TestClock::at(NOW)), change)
    }

    /// All parties end and begin again, with what they kept.
    pub(crate) fn restarted(self, change: impl FnOnce(&mut Plan)) -> UpiTown {
        let UpiTown { folder, clock, running, telephone, parties, .. } = self;
        drop(parties);
        running
            .into_iter()
            .chain([telephone.running])
            .for_each(|running| running.end(Duration::from_secs(10)));
        UpiTown::in_folder(folder, clock, change)
    }

    fn in_folder(
        folder: tempfile::TempDir,
        clock: Arc<TestClock>,
        change: impl FnOnce(&mut Plan),
    ) -> UpiTown {
        let recorder = Arc::new(Recorder::default());
        let watch: Watch = Some(recorder.clone());
        let documented = Plan::documented(&folder.path().join("city"), clock.clone());
        let mut plan = Plan { ports: Ports::Free, watch, ..documented };
        change(&mut plan);
        let http = Http::by(clock.clone()).unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let telephone = TelephoneNetwork::start(&plan, &http, socket).unwrap();
        let (parties, running) = upi_parties(&plan, &|_| &http, telephone.at).unwrap();
        UpiTown { parties, clock, recorder, running, telephone, _http: http, folder }
    }

    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn register(&self, number: &str) -> Result<UpiPhone, UpiPhoneError> {
        let new = NewUpiPhone {
            directory: &self.folder.path().join(format!("phone-{number}")),
            number,
            provider: self.parties.psp_at,
            telephone: self.telephone.at,
            watch: Some(self.recorder.clone()),
        };
        UpiPhone::register(&new, self.clock.clone())
    }

    /// The phone of this number, as it was before everything began again: its provider may listen elsewhere now.
    pub(crate) fn again(&self, number: &str) -> UpiPhone {
        let folder = self.folder.path().join(format!("phone-{number}"));
        let path = folder.join("upi.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let mut settings: serde_json::Value = serde_json::from_str(&text).unwrap();
        settings["provider"] = self.parties.psp_at.to_string().into();
        settings["telephone"] = self.telephone.at.to_string().into();
        std::fs::write(&path, settings.to_string()).unwrap();
        UpiPhone::open(&folder, self.clock.clone(), Some(self.recorder.clone())).unwrap()
    }

    /// A phone of somebody who has linked an account, set its PIN and made an address.
    pub(crate) fn person(&self, who: (&str, &str, &str), address: &str, digits: &str) -> UpiPhone {
        let (number, bank, card) = who;
        let phone = self.register(number).unwrap();
        let (question, accounts) = phone.accounts(bank).unwrap();
        phone.link(&question, &accounts[0].reference).unwrap();
        phone.set_pin(&accounts[0], card.split_once(' ').unwrap(), &pin(digits)).unwrap();
        phone.make_address(address, "").unwrap();
        phone
    }

    /// Pays and looks until it has ended.
    pub(crate) fn pay(&self, phone: &UpiPhone, to: &str, amount: &str, digits: &str) -> Shown {
        let account = &phone.mine().unwrap().accounts[0];
        let order = phone.order(account, (to, None), rupees(amount), Some("tea"), &pin(digits)).unwrap();
        phone.pay(&order).unwrap();
        phone.see_end(&order.transaction, Duration::from_secs(30)).unwrap()
    }

    pub(crate) fn balance(&self, phone: &UpiPhone, digits: &str) -> String {
        phone.balance(&phone.mine().unwrap().accounts[0], &pin(digits)).unwrap()
    }

    /// What all customers of all banks have together, and what the banks' settlement accounts sum to, in paise.
    pub(crate) fn sums(&self) -> (i64, i64) {
        let sum = |kind: &str| -> i64 {
            let of_bank = |store: &store::Store| {
                let each = "SELECT credits_posted - debits_posted, id FROM accounts WHERE kind = $1";
                let rows = store.rows(each, &[store::Value::Text(kind.to_owned())]).unwrap();
                let settlement = sandbox::upi::bank::settlement_account().to_string();
                let counts = |row: &Vec<store::Value>| match &row[..] {
                    [store::Value::Integer(net), store::Value::Text(id)] => {
                        (kind == "liability" || *id == settlement).then_some(*net)
                    }
                    _ => None,
                };
                rows.rows.iter().filter_map(counts).sum::<i64>()
            };
            self.parties.banks.iter().map(|(.., store)| of_bank(store)).sum()
        };
        (sum("liability"), sum("asset"))
    }

    pub(crate) fn all_books_agree(&self) {
        let stores = self.running.iter().flat_map(Running::stores);
        for (name, store) in stores {
            assert!(store.verify().unwrap().is_ok(), "{name}");
        }
        assert_eq!(self.sums(), (18_750_000, 0));
    }
}
