//! Every page, with text that tries to break out of it.

use super::*;
use crate::screens::words::{LANGUAGES, Language};

const HOSTILE: &str = "<b>\"'&\u{202e}x</b><script>alert(1)</script>";

fn card(state: &'static str) -> CardView {
    CardView {
        token: "tok_00000000000000000000000007".to_owned(),
        design: HOSTILE.to_owned(),
        name: HOSTILE.to_owned(),
        bank: HOSTILE.to_owned(),
        product: HOSTILE.to_owned(),
        last_four: "0016".to_owned(),
        token_last_four: "8816".to_owned(),
        state,
        first: state == "active",
    }
}

fn sum() -> Sum {
    Sum { minor: 9_999_999_999, currency: "CNY", decimals: 2 }
}

fn row(state: &'static str) -> RowView {
    let text = HOSTILE.to_owned();
    RowView { href: "/history/x/1".to_owned(), name: text.clone(), second: text, amount: sum(), state }
}

fn texts() -> Vec<TextView> {
    let text = HOSTILE.to_owned();
    vec![TextView { from: text.clone(), text, when: "14:02".to_owned(), unread: true }]
}

fn end() -> Box<EndView> {
    let text = HOSTILE.to_owned();
    Box::new(EndView {
        amount: Some(sum()),
        merchant: text.clone(),
        when: text.clone(),
        token: text.clone(),
        bank: text.clone(),
        token_last_four: "8816".to_owned(),
        mini: card("active").mini(0),
        reason: text.clone(),
        code: text,
        receipt: "/history/x/1".to_owned(),
        by_code: false,
        next: Some(Choice::of(&card("active"), 3, false)),
    })
}

// long: one line for every page there is.
fn all(language: Language) -> Vec<String> {
    let page =
        &Page { language, theme: Some("dark"), path: HOSTILE.to_owned(), zone: values::time::Zone::Shanghai };
    let (text, trouble) = (HOSTILE.to_owned(), Some(HOSTILE.to_owned()));
    let arrived = (text.clone(), text.clone());
    let shown = ["all", "out", "in", "waiting"];
    let states = ["active", "verifying", "paused", "stopped"];
    let rows: Vec<RowView> = ["paid", "received", "checked", "not-paid", "back"].map(row).to_vec();
    let scanned = |fixed: Option<Sum>, wrong: Option<String>| PayCodeView {
        merchant: text.clone(),
        city: text.clone(),
        category: text.clone(),
        fixed,
        currency: "CNY",
        typed: text.clone(),
        single: fixed.is_some(),
        first_time: true,
        cards: vec![Choice::of(&card("active"), 3, true)],
        wrong_amount: wrong.clone(),
        wrong_passcode: wrong,
        platform: "127.0.0.1:1".to_owned(),
        passkey: Some(match fixed {
            Some(_) => {
                PasskeyAsk::Here { challenge: text.clone(), credential: text.clone(), salt: text.clone() }
            }
            None => PasskeyAsk::Elsewhere(text.clone()),
        }),
    };
    let mut pages = vec![
        by_code(page, &ByCodeView { trouble: None }),
        by_code(page, &ByCodeView { trouble: trouble.clone() }),
        pay_code(page, &scanned(Some(sum()), None)),
        pay_code(page, &scanned(None, trouble.clone())),
        welcome(page, HOSTILE, HOSTILE, trouble.clone()),
        passcode(page, trouble.clone()),
        code(page, HOSTILE, Some(&arrived), trouble.clone()),
        code(page, HOSTILE, None, None),
        recovery(page, Some(HOSTILE), "127.0.0.1:8080"),
        gone(page, "127.0.0.1:8080"),
        recovery(page, None, "127.0.0.1:8080"),
        home(page, &HomeView::default()),
        home(
            page,
            &HomeView {
                cards: states.map(card).to_vec(),
                unread: 2,
                pending: vec![row("checked")],
                known: vec![
                    KnownView { name: text.clone(), address: trouble.clone() },
                    KnownView { name: text.clone(), address: None },
                ],
                recent: rows.clone(),
                account: Some(at_home(&text, true)),
            },
        ),
        home(
            page,
            &HomeView { pending: rows.clone(), account: Some(at_home(&text, true)), ..HomeView::default() },
        ),
        home(page, &HomeView { account: Some(at_home(&text, false)), ..HomeView::default() }),
        add(page, &AddView::default()),
        add(
            page,
            &AddView {
                number: text.clone(),
                expiry: text.clone(),
                bank_phone: text.clone(),
                preview: Some(card("verifying")),
                wrong_number: trouble.clone(),
                wrong_bank: trouble.clone(),
                wrong_expiry: trouble.clone(),
                wrong_code: trouble.clone(),
                trouble: trouble.clone(),
            },
        ),
        added(page, &card("active")),
        remove(page, &card("paused")),
        history(page, &HistoryView { shown, show: "all", ..HistoryView::default() }),
        history(page, &HistoryView { shown, show: "all", words: text.clone(), ..HistoryView::default() }),
        history(
            page,
            &HistoryView {
                months: vec![MonthView {
                    name: text.clone(),
                    out: vec![sum()],
                    into: vec![sum()],
                    rows: rows.clone(),
                }],
                words: text.clone(),
                show: "out",
                shown,
                missing: true,
                unread: 1,
            },
        ),
        inbox(page, &[(text.clone(), texts())], false),
        inbox(page, &[], true),
        devices(
            page,
            &[DeviceRow { name: text.clone(), since: text.clone(), cards: 2, here: true, lost: false }],
            "a:1",
        ),
        parties(page),
        left(page),
        problem(page, "offline-title", "offline-text", "/"),
        you(
            page,
            &YouView {
                number: text.clone(),
                platform: "127.0.0.1:8080".to_owned(),
                unread: 1,
                zones: [("UTC", "zone-utc", false), ("a", "zone-india", true), ("b", "zone-china", false)],
            },
        ),
    ];
    pages.extend(opening(page, &text));
    pages.extend(private(page, &text));
    pages.extend(by_account(page, &text, &rows));
    for sent_to in [None, Some(text.clone())] {
        let ways = vec![(text.clone(), text.clone())];
        let arrived = Some(arrived.clone());
        let view =
            VerifyView { card: card("verifying"), ways, sent_to, tries_left: 2, arrived, trouble: None };
        pages.push(verify(page, &view));
    }
    for state in states {
        let view = DetailView {
            card: card(state),
            nickname: text.clone(),
            keys_left: 1,
            can_move_up: true,
            valid_until: trouble.clone(),
            paid: rows.clone(),
            note: trouble.clone(),
        };
        pages.push(super::card(page, &view));
    }
    for reason in ["card_data_wrong", "card_restricted", "too_many_cards", "code_void", HOSTILE] {
        pages.push(not_added(page, HOSTILE, reason));
    }
    for row in rows {
        let view = ReceiptView {
            row,
            when: text.clone(),
            card: text.clone(),
            token_last_four: text.clone(),
            counter: 7,
            reference: trouble.clone(),
            paid_by: "receipt-by-shown-code",
            texts: texts(),
        };
        pages.push(receipt(page, &view));
        pages.push(share(page, &Slip::by_card(page, &view), HOSTILE));
    }
    let others = vec![Choice::of(&card("active"), 1, true), Choice::of(&card("active"), 2, false)];
    let ready = ReadyView { art: card("active").held_up(page), seconds: 47, time: "0:47".to_owned(), others };
    for state in [
        TapState::Ready(Box::new(ready)),
        TapState::Code(Box::new(CodeView {
            panel: crate::screens::tablet::code_panel(&crate::picture::draw("x").unwrap(), HOSTILE),
            text: HOSTILE.to_owned(),
            seconds: 47,
            time: "0:47".to_owned(),
            bank: HOSTILE.to_owned(),
            last_four: "0016".to_owned(),
            mini: card("active").mini(0),
        })),
        TapState::NotPaid(Box::new(EndView { by_code: true, ..*end() })),
        TapState::Sent(end()),
        TapState::Unknown(end()),
        TapState::Paid(end()),
        TapState::NotPaid(end()),
    ] {
        pages.push(tap(page, &state, 3));
    }
    pages
}

fn account(place: usize) -> AccountView {
    let text = HOSTILE.to_owned();
    AccountView { place, bank: text.clone(), tail: "0016".to_owned(), holder: text, has_pin: place == 1 }
}

/// The account on the first page, set up or not.
fn at_home(text: &str, pays: bool) -> AccountAtHome {
    AccountAtHome {
        first: text.to_owned(),
        second: text.to_owned(),
        pays,
        balance: pays.then_some("/upi/balance/1"),
        asked: pays.then(|| text.to_owned()),
    }
}

/// The purse: none, one with something in it, one that another phone has.
fn purses(page: &Page, text: &str) -> Vec<String> {
    let (owned, trouble) = (|| text.to_owned(), Some(text.to_owned()));
    vec![
        upi_purse(page, &PurseView::default()),
        upi_purse(
            page,
            &PurseView {
                balance: Some(sum()),
                waiting: trouble.clone(),
                most_in: sum(),
                note: trouble.clone(),
                ..PurseView::default()
            },
        ),
        upi_purse(
            page,
            &PurseView {
                elsewhere: true,
                accounts: vec![account(1)],
                chosen: 1,
                typed: owned(),
                wrong: trouble.clone(),
                ..PurseView::default()
            },
        ),
    ]
}

/// Paying from a bank account.
fn by_account(page: &Page, text: &str, rows: &[RowView]) -> Vec<String> {
    let (owned, trouble) = (|| text.to_owned(), Some(text.to_owned()));
    let accounts = vec![account(1), account(2)];
    let home = UpiHomeView {
        address: owned(),
        accounts: accounts.clone(),
        note: trouble.clone(),
        asked: trouble.clone(),
        mandates_asked: 1,
        pending: Some(row("checked")),
        recent: rows.to_vec(),
    };
    let found =
        [true, false].map(|linked| FoundView { reference: owned(), tail: owned(), holder: owned(), linked });
    let card = CardOfAccountView {
        account: account(1),
        card: owned(),
        expiry: owned(),
        wrong_card: trouble.clone(),
        wrong_expiry: trouble.clone(),
    };
    let new_pin = |arrived: Option<(String, String)>| NewPinView {
        account: account(2),
        length: 6,
        arrived,
        trouble: trouble.clone(),
    };
    let pin = |payment| PinView {
        account: account(1),
        length: 4,
        payment,
        again: trouble.clone(),
        approves: owned(),
        action: owned(),
        back: "/upi",
        trouble: trouble.clone(),
    };
    let terms = || TermsView {
        name: owned(),
        payee: owned(),
        address: owned(),
        pays: true,
        amount: sum(),
        exact: true,
        pattern: owned(),
        days: owned(),
        revocable: true,
        blocks: true,
    };
    let states =
        ["requested", "making", "active", "paused", "revoked", "declined", "failed", "completed", "over"];
    let mandates = states.map(|state| MandateView {
        path: "/upi/mandates/x".to_owned(),
        terms: terms(),
        state,
        unsigned: true,
        trouble: trouble.clone(),
        number: trouble.clone(),
        debits: ["presented", "tried", "made", "failed"]
            .map(|state| DebitView { amount: sum(), state, when: owned() })
            .to_vec(),
        decides: state == "requested",
        pauses: state == "active",
        goes_on: state == "paused",
        revokes: true,
        presents: state == "active",
        accounts: accounts.clone(),
        wrong: trouble.clone(),
    });
    let mut pages = vec![
        upi_home(page, &home),
        upi_home(page, &UpiHomeView::default()),
        upi_home(page, &UpiHomeView { accounts, ..UpiHomeView::default() }),
        upi_register(page, text, Some(text)),
        upi_banks(page, &[(owned(), owned())], Some(text)),
        upi_accounts(page, text, &found),
        upi_address(page, text, text, Some(text)),
        upi_card(page, &card),
        upi_new_pin(page, &new_pin(None)),
        upi_new_pin(page, &new_pin(Some((owned(), owned())))),
        upi_pin(page, &pin(None)),
        upi_pin(page, &pin(Some((owned(), sum())))),
        upi_balance(page, &account(1), &sum()),
        upi_mandates(page, &[]),
        upi_mandates(
            page,
            &[MandateRow { href: owned(), name: owned(), other: owned(), amount: sum(), state: "requested" }],
        ),
        upi_whom(page, &WhomView { typed: owned(), wrong: trouble.clone(), trouble: trouble.clone() }),
        upi_unsent(page, text, &sum()),
        upi_no(page, "upi-declined", owned(), "/upi"),
    ];
    pages.extend(purses(page, text));
    pages.extend(mandates.iter().map(|view| upi_mandate(page, view)));
    pages.extend(account_payments(page, text, rows));
    pages.extend(asked_for(page, text));
    pages.extend(bills(page, text, rows));
    pages.extend(splits(page, text));
    pages
}

/// Bills and recharges.
fn bills(page: &Page, text: &str, rows: &[RowView]) -> Vec<String> {
    let owned = || text.to_owned();
    let facts = || vec![(owned(), owned())];
    let field =
        BillerField { name: "name".to_owned(), label: owned(), digits: true, most: 9, typed: owned() };
    let plan = |id: &str| PlanView { id: id.to_owned(), amount: sum(), what: owned() };
    let biller = |plans, wrong| BillerView {
        id: owned(),
        name: owned(),
        fields: vec![field.clone()],
        plans,
        chosen: "b".to_owned(),
        wrong,
    };
    let bill = |open, accounts| BillView {
        name: owned(),
        facts: facts(),
        due: sum(),
        open,
        typed: owned(),
        wrong: Some(owned()),
        accounts,
    };
    let mut pages = vec![
        upi_bills(page, &[(owned(), vec![(owned(), owned())])], rows),
        upi_bills(page, &[], &[]),
        upi_biller(page, &biller(Vec::new(), Some(owned()))),
        upi_biller(page, &biller(vec![plan("a"), plan("b")], None)),
        upi_bill(page, &bill(true, vec![account(1), account(2)])),
        upi_bill(page, &bill(false, Vec::new())),
    ];
    for row in rows {
        let waits = row.state == "checked";
        let (row, payment) = (row.clone(), owned());
        let view = BillPaidView { row, said: owned(), facts: facts(), payment, waits };
        pages.push(upi_bill_paid(page, &view));
    }
    pages
}

/// Bills that several people share.
fn splits(page: &Page, text: &str) -> Vec<String> {
    let owned = || text.to_owned();
    let row = SplitRow { id: owned(), note: owned(), stands: owned(), total: sum() };
    let share = |state, href: &str| ShareView { who: owned(), amount: sum(), state, href: href.to_owned() };
    let shares = [share("own", ""), share("paid", "/upi/payments/x"), share("open", "/upi/splits/x/1")];
    let new =
        NewSplitView { note: owned(), total: owned(), people: owned(), with_me: true, wrong: Some(owned()) };
    vec![
        upi_splits(page, std::slice::from_ref(&row)),
        upi_splits(page, &[]),
        upi_split_new(page, &new),
        upi_split_new(page, &NewSplitView::default()),
        upi_split(page, &row, &shares),
        upi_share(page, &row, &shares[2], ("", text)),
    ]
}

/// What merchants ask for, addresses.
fn asked_for(page: &Page, text: &str) -> Vec<String> {
    let owned = || text.to_owned();
    let row = RequestRow { id: owned(), name: owned(), address: owned(), until: owned(), amount: sum() };
    let view = |accounts| RequestView { row: row.clone(), note: Some(owned()), own: owned(), accounts };
    vec![
        upi_requests(page, std::slice::from_ref(&row), Some(text)),
        upi_requests(page, &[], None),
        upi_request(page, &view(vec![account(1)])),
        upi_request(page, &view(Vec::new())),
        upi_addresses(page, &[owned(), owned()], Some(text)),
        upi_addresses(page, &[owned()], None),
        upi_blocked(page, &[(owned(), true), (owned(), false)], (text, Some(text)), Some(text)),
    ]
}

/// Before and after a payment by account, and being paid.
fn account_payments(page: &Page, text: &str, rows: &[RowView]) -> Vec<String> {
    let (owned, trouble) = (|| text.to_owned(), Some(text.to_owned()));
    let mut pages = Vec::new();
    for fixed in [Some(sum()), None] {
        let confirm = ConfirmView {
            name: owned(),
            address: owned(),
            bank: fixed.map(|_| owned()),
            fixed,
            typed: owned(),
            note: owned(),
            note_fixed: fixed.is_some(),
            accounts: vec![account(1), account(2)],
            chosen: 2,
            purse: fixed,
            purse_chosen: false,
            unsigned: true,
            first_time: true,
            wrong_amount: trouble.clone(),
            wrong_note: trouble.clone(),
        };
        pages.push(upi_confirm(page, &confirm));
        let receive = ReceiveView {
            name: owned(),
            address: owned(),
            place: 1,
            account: account(1),
            panel: crate::screens::tablet::code_panel(&crate::picture::draw("x").unwrap(), HOSTILE),
            text: owned(),
            amount: fixed,
            typed: owned(),
            wrong: trouble.clone(),
        };
        pages.push(upi_receive(page, &receive));
    }
    let steps = ["yes", "now", "later"].map(|stands| StepView { stands, what: owned(), when: owned() });
    for row in rows {
        let view = UpiReceiptView {
            row: row.clone(),
            said: owned(),
            next: owned(),
            steps: steps.to_vec(),
            address: owned(),
            when: owned(),
            account: owned(),
            note: trouble.clone(),
            reference: owned(),
            code: owned(),
            ask: owned(),
            waits: row.state == "checked",
            dispute: Some(("/upi/payments/x/dispute".to_owned(), "Something is wrong".to_owned())),
            again: Some("/upi/pay?to=x".to_owned()),
        };
        pages.push(upi_receipt(page, &view));
        pages.push(share(page, &Slip::by_account(page, &view), HOSTILE));
    }
    pages.extend(disputes(page, text, &steps[..2]));
    pages
}

/// The privacy centre, with the token service and without, and leaving.
fn private(page: &Page, text: &str) -> Vec<String> {
    let consent =
        |here| ConsentRow { token: "tok_x".to_owned(), here, card: text.to_owned(), since: text.to_owned() };
    let look = AccessRow { when: text.to_owned(), said: text.to_owned(), subject: text.to_owned() };
    let there = |accesses_known, accesses: Vec<AccessRow>| ThereView {
        number: text.to_owned(),
        since: text.to_owned(),
        devices: 2,
        recovery: true,
        consents: if accesses_known { vec![consent(true), consent(false)] } else { Vec::new() },
        kept: vec![(text.to_owned(), text.to_owned())],
        more: accesses.len(),
        accesses,
        accesses_known,
    };
    let here = HereView { cards: 1, payments: 2, texts: 3 };
    let centre = |there| privacy_centre(page, &PrivacyView { here, there, platform: text.to_owned() });
    let mut pages = vec![
        centre(None),
        centre(Some(there(true, vec![look]))),
        centre(Some(there(true, Vec::new()))),
        centre(Some(there(false, Vec::new()))),
    ];
    for (cards, trouble) in [(0, None), (1, Some(text.to_owned())), (2, None)] {
        let (last, account) = (cards == 1, cards == 2);
        let kept_until = trouble.clone();
        pages.push(leave(page, &LeaveView { cards, last, kept_until, account, trouble }));
    }
    pages
}

/// What may be claimed, and disputes as they go on.
fn disputes(page: &Page, text: &str, steps: &[StepView]) -> Vec<String> {
    let owned = || text.to_owned();
    let claim = |reasons: &[&str], wrong| ClaimView {
        path: "/upi/payments/x/dispute".to_owned(),
        back: "/upi/payments/x".to_owned(),
        name: owned(),
        paid: sum(),
        lead: owned(),
        reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
        typed: owned(),
        chosen: "paid_twice".to_owned(),
        wrong,
    };
    let all: Vec<&str> = ::upi::disputes::REASONS.iter().map(|reason| reason.key).collect();
    let dispute = |over, known: Option<String>| DisputeView {
        path: "/upi/payments/x/dispute".to_owned(),
        back: "/upi/payments/x".to_owned(),
        name: owned(),
        claimed: sum(),
        reason: "goods_not_received".to_owned(),
        said: owned(),
        steps: if over { steps.to_vec() } else { Vec::new() },
        due: known.clone(),
        ask: known.clone().unwrap_or_default(),
        number: known,
        escalates: !over,
        withdraws: !over,
        over,
        received: over,
    };
    vec![
        upi_claim(page, &claim(&[], None)),
        upi_claim(page, &claim(&all, Some(owned()))),
        upi_dispute(page, &dispute(false, None)),
        upi_dispute(page, &dispute(true, Some(owned()))),
    ]
}

/// Opening the phone, with and without a passkey, and the passkey's own page.
fn opening(page: &Page, text: &str) -> Vec<String> {
    let mut pages = Vec::new();
    let here =
        PasskeyAsk::Here { challenge: text.to_owned(), credential: text.to_owned(), salt: text.to_owned() };
    let asks = [None, Some(here), Some(PasskeyAsk::Elsewhere(text.to_owned())), Some(PasskeyAsk::ScreenOnly)];
    for (to_pay, passkey) in [false, true].into_iter().flat_map(|pays| asks.clone().map(|ask| (pays, ask))) {
        let to_pay = to_pay.then(|| (text.to_owned(), card("active").mini(0)));
        let (trouble, then) = (Some(text.to_owned()), text.to_owned());
        let view = UnlockView { trouble, then, to_pay, platform: "a:1".to_owned(), passkey };
        pages.push(unlock(page, &view));
    }
    let offer = || PasskeyOffer {
        challenge: text.to_owned(),
        salt: text.to_owned(),
        user: text.to_owned(),
        name: text.to_owned(),
    };
    for (pays, offer) in [(None, None), (None, Some(offer())), (Some(true), None), (Some(false), None)] {
        let view = OwnPasskey { pays, offer, elsewhere: text.to_owned(), trouble: Some(text.to_owned()) };
        pages.push(own_passkey(page, &view));
    }
    pages
}

#[test]
fn pages_keep_the_policy_of_content_whatever_is_written_in_them() {
    for language in LANGUAGES {
        for html in all(language) {
            let plain = html
                .replace("<script type=\"module\" src=\"/assets/phone.js\"></script>", "")
                .replace("<script type=\"module\" src=\"/assets/upi.js\"></script>", "");
            for never in ["<script", " style=", "<style", "<b>\"", "onclick", "javascript:"] {
                assert!(!plain.contains(never), "{never} in {html}");
            }
            assert_eq!(html.matches("<h1").count(), 1, "{html}");
            assert_eq!(html.matches("<main").count(), 1);
            assert_eq!(
                html.matches("class=\"button metal").count().min(1),
                html.matches("class=\"button metal").count(),
                "one brass button: {html}"
            );
            assert!(html.contains(&format!("<html lang=\"{}\" data-theme=\"dark\">", language.tag())));
        }
    }
}

/// What no catalogue has is shown by its name; a sentence that lacks what is put in shows a brace.
#[test]
fn nothing_is_left_without_words() {
    let families = [
        "welcome-",
        "passcode-",
        "code-",
        "recovery-",
        "unlock-",
        "gone-",
        "home-",
        "card-",
        "add-",
        "verify-",
        "added-",
        "no-",
        "tap-",
        "why-",
        "history-",
        "receipt-",
        "inbox-",
        "you-",
        "devices-",
        "privacy-",
        "chip-",
        "tab-",
        "remove-",
        "passkey-",
        "mycode-",
        "bycode-",
        "paycode-",
        "scan-",
        "upi-",
        "mandate-",
        "mandates-",
        "request-",
        "requests-",
        "addresses-",
        "blocked-",
        "bill-",
        "bills-",
        "split-",
        "splits-",
        "row-",
    ];
    for language in LANGUAGES {
        for html in all(language) {
            for name in families {
                let bare = html.match_indices(name).any(|(at, _)| html[..at].ends_with('>'));
                assert!(!bare, "{name} in {html}");
            }
            assert!(!html.contains("{ $") && !html.contains("{$"), "{html}");
        }
    }
}

#[test]
fn labels_belong_to_fields_and_names_are_there_once() {
    for html in all(Language::English) {
        let mut ids: Vec<&str> =
            html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        for label in html.split(" for=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&label), "{label} in {html}");
        }
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all, "a name is there twice in {html}");
    }
}

#[test]
fn every_reason_has_its_sentence() {
    for code in ["05", "51", "54", "57", "61", "62", "65", "91", "lost"] {
        for language in LANGUAGES {
            let sentence = language.say_text(&format!("why-{code}"), "bank", "Larch Bank");
            assert!(sentence.contains("Larch Bank"), "{language:?} {code}: {sentence}");
        }
    }
}
