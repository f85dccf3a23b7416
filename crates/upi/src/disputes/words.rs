//! The flags of the network, a state as one word on a wire, and what the person is told, in three languages.

use super::ladder::{Act, Ground, Side, State};
use super::reasons::Kind;
use crate::codes::Language;
use serde_json::Value;
use std::fmt;

impl fmt::Display for State {
    /// `chargeback`, or with its ground `closed withdrawn`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match serde_json::to_value(self) {
            Ok(Value::String(word)) => f.write_str(&word),
            Ok(Value::Object(fields)) => {
                let each = fields
                    .iter()
                    .map(|(word, ground)| format!("{word} {}", ground.as_str().unwrap_or_default()));
                f.write_str(&each.collect::<String>())
            }
            _ => Ok(()),
        }
    }
}

impl State {
    /// Reads what was written by `to_string`.
    pub fn parse(text: &str) -> Option<State> {
        let value = match text.split_once(' ') {
            None => Value::String(text.to_owned()),
            Some((word, ground)) => serde_json::json!({ word: ground }),
        };
        serde_json::from_value(value).ok()
    }

    /// The network's flag for it (`adjFlag`). A deemed acceptance is an acceptance.
    pub fn flag(self, kind: Kind) -> &'static str {
        let by_kind = |ordinary, fraud, wrong_credit| match kind {
            Kind::Ordinary => ordinary,
            Kind::Fraud => fraud,
            Kind::WrongCredit => wrong_credit,
        };
        match self {
            State::WithBooks | State::Complaint | State::NotAnswered => "PBRB",
            State::Answered => "PR2C",
            State::Chargeback => by_kind("B", "FC", "WC"),
            State::Representment => by_kind("R", "FR", "WR"),
            State::PreArbitration => by_kind("P", "FP", "P"),
            State::PreArbitrationDeclined => by_kind("PR", "FPR", "PR"),
            State::Arbitration => by_kind("AR", "FAR", "AR"),
            State::ArbitrationContinued => "ACC",
            State::Collecting(ground)
            | State::Paying(ground)
            | State::NotCollected(ground)
            | State::NotPaid(ground) => match ground {
                Ground::Verdict => "ACV",
                Ground::CreditReturned => "RET",
                _ => by_kind("A", "FA", "WA"),
            },
            State::PaidBack(_) => by_kind("C", "FCA", "C"),
            State::Closed(Ground::CreditConfirmed) => "TCC",
            State::Closed(Ground::DebitReversed) => "DRC",
            State::Closed(Ground::Verdict) => "ACV",
            State::Closed(_) => "ACW",
        }
    }

    /// How far it is, as the network says it (`procStatus`).
    pub fn status(self) -> &'static str {
        match self {
            State::WithBooks | State::Complaint | State::Answered => "WITH_PARTY",
            State::Collecting(_) | State::Paying(_) => "RESOLVED",
            State::PaidBack(_) | State::Closed(_) => "CLOSED",
            _ => "ESCALATED",
        }
    }

    /// What the person is told: where it stands.
    pub fn say(self, language: Language) -> &'static str {
        let texts = match self {
            State::WithBooks => [
                "The bank that can know looks into its books.",
                "जिस बैंक को पता हो सकता है वह अपना हिसाब देख रहा है।",
                "相关银行正在核查账目。",
            ],
            State::Complaint => [
                "The payee's side was told and is to answer.",
                "प्राप्तकर्ता पक्ष को बता दिया गया है, उसे जवाब देना है।",
                "已通知收款方，等待其答复。",
            ],
            State::Answered => [
                "The payee's side says that the payment is right. You can go on or let it be.",
                "प्राप्तकर्ता पक्ष का कहना है कि भुगतान सही है। आप आगे बढ़ सकते हैं या छोड़ सकते हैं।",
                "收款方称该付款无误。您可以继续申诉，也可以放弃。",
            ],
            State::Chargeback => [
                "Your bank asks for the money back (chargeback).",
                "आपका बैंक पैसा वापस माँग रहा है (चार्जबैक)।",
                "您的银行正在要求退回款项（拒付）。",
            ],
            State::Representment => [
                "The payee's bank declined and showed why. You can go on or let it be.",
                "प्राप्तकर्ता के बैंक ने कारण बताकर मना किया। आप आगे बढ़ सकते हैं या छोड़ सकते हैं।",
                "收款方银行提出依据并拒绝退款。您可以继续申诉，也可以放弃。",
            ],
            State::PreArbitration => [
                "Your bank asked a second time (pre-arbitration).",
                "आपके बैंक ने दूसरी बार माँगा है (पूर्व-मध्यस्थता)।",
                "您的银行已再次提出要求（预仲裁）。",
            ],
            State::PreArbitrationDeclined => [
                "The payee's bank declined a second time. You can go on to the network or let it be.",
                "प्राप्तकर्ता के बैंक ने दूसरी बार मना किया। आप नेटवर्क तक जा सकते हैं या छोड़ सकते हैं।",
                "收款方银行再次拒绝。您可以提交网络仲裁，也可以放弃。",
            ],
            State::Arbitration => [
                "It lies with the network (arbitration); the payee's bank is to say whether it goes on.",
                "मामला नेटवर्क के पास है (मध्यस्थता); प्राप्तकर्ता के बैंक को बताना है कि वह आगे बढ़ेगा या नहीं।",
                "已提交网络仲裁，等待收款方银行表态。",
            ],
            State::ArbitrationContinued => [
                "Both sides were heard; the network decides.",
                "दोनों पक्ष सुने जा चुके हैं; नेटवर्क फ़ैसला करेगा।",
                "双方均已陈述，等待网络裁决。",
            ],
            State::Collecting(_) | State::Paying(_) => [
                "It was decided for you; the money is on its way to your account.",
                "फ़ैसला आपके पक्ष में हुआ; पैसा आपके खाते में आ रहा है।",
                "裁定对您有利，款项正在退回您的账户。",
            ],
            State::NotAnswered => [
                "The bank did not say what its books hold; the network's people find out.",
                "बैंक ने नहीं बताया कि उसके हिसाब में क्या है; नेटवर्क के लोग पता कर रहे हैं।",
                "银行未答复账目情况，支付网络的工作人员正在查核。",
            ],
            State::NotCollected(_) => [
                "It was decided for you, but the payee's bank does not give the money back; the network's people see to it.",
                "फ़ैसला आपके पक्ष में हुआ, पर प्राप्तकर्ता का बैंक पैसा वापस नहीं कर रहा; नेटवर्क के लोग इसे देख रहे हैं।",
                "裁定对您有利，但收款方银行未退款，支付网络的工作人员正在处理。",
            ],
            State::NotPaid(_) => [
                "It was decided for you and your bank has the money, but does not book it to you; the network's people see to it.",
                "फ़ैसला आपके पक्ष में हुआ और पैसा आपके बैंक के पास है, पर खाते में नहीं डाला गया; नेटवर्क के लोग इसे देख रहे हैं।",
                "裁定对您有利，款项已到您的银行但未入账，支付网络的工作人员正在处理。",
            ],
            State::PaidBack(_) => {
                ["The money is back in your account.", "पैसा आपके खाते में वापस आ गया है।", "款项已退回您的账户。"]
            }
            State::Closed(ground) => return closed(ground, language),
        };
        crate::codes::pick(texts, language)
    }

    /// What the person is told who was paid: where it stands.
    pub fn say_to_payee(self, language: Language) -> &'static str {
        let texts = match self {
            State::WithBooks | State::NotAnswered => [
                "The payer says that you have nothing; a bank looks into its books.",
                "भुगतानकर्ता का कहना है कि आपको कुछ नहीं मिला; एक बैंक अपना हिसाब देख रहा है।",
                "付款方称您未收到款项，银行正在核查账目。",
            ],
            State::Complaint | State::Chargeback | State::PreArbitration | State::Arbitration => [
                "The payer claims this payment back. Your bank answers; tell it what you know.",
                "भुगतानकर्ता यह भुगतान वापस माँग रहा है। जवाब आपका बैंक देगा; जो जानते हैं उसे बताएँ।",
                "付款方要求退回这笔款项，由您的银行答复；请向银行说明情况。",
            ],
            State::Answered | State::Representment | State::PreArbitrationDeclined => [
                "Your bank said no. The payer may go on.",
                "आपके बैंक ने मना किया है। भुगतानकर्ता आगे बढ़ सकता है।",
                "您的银行已拒绝退款，付款方可以继续申诉。",
            ],
            State::ArbitrationContinued => [
                "Both sides were heard; the network decides.",
                "दोनों पक्ष सुने जा चुके हैं; नेटवर्क फ़ैसला करेगा।",
                "双方均已陈述，等待网络裁决。",
            ],
            _ if self.is_for_payer() => [
                "It was decided for the payer: the claim goes back from your account.",
                "फ़ैसला भुगतानकर्ता के पक्ष में हुआ: माँगी गई रकम आपके खाते से वापस जाएगी।",
                "裁定对付款方有利：所要求的款项将从您的账户退回。",
            ],
            _ => [
                "It is over; you keep the money.",
                "मामला समाप्त है; पैसा आपके पास रहेगा।",
                "争议已结束，款项归您所有。",
            ],
        };
        crate::codes::pick(texts, language)
    }

    /// Whom to ask while it stands so.
    pub fn ask(self, language: Language) -> &'static str {
        let texts = match self.waits_for() {
            Some(_) if self == State::WithBooks => [
                "Ask your bank and quote the number of the dispute.",
                "विवाद संख्या बताकर अपने बैंक से पूछें।",
                "请凭争议编号咨询您的银行。",
            ],
            Some(Side::Payee) => [
                "Ask your bank and quote the number of the dispute; the payee's bank has the word.",
                "विवाद संख्या बताकर अपने बैंक से पूछें; जवाब प्राप्तकर्ता के बैंक को देना है।",
                "请凭争议编号咨询您的银行；目前由收款方银行答复。",
            ],
            Some(Side::Payer) => [
                "You or your bank have the word.",
                "अब आपको या आपके बैंक को कहना है।",
                "目前由您或您的银行答复。",
            ],
            Some(Side::Network) => [
                "Ask your bank and quote the number of the dispute; the network has the word.",
                "विवाद संख्या बताकर अपने बैंक से पूछें; फ़ैसला नेटवर्क को करना है।",
                "请凭争议编号咨询您的银行；目前由支付网络裁决。",
            ],
            None => ["It is over.", "मामला समाप्त है।", "争议已结束。"],
        };
        crate::codes::pick(texts, language)
    }
}

/// The act that a word names: `accept`, `escalate`.
pub fn act_of(word: &str) -> Option<Act> {
    serde_json::from_value(Value::String(word.to_owned())).ok()
}

/// An act as one word.
pub fn word_of(act: Act) -> String {
    serde_json::to_value(act).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn closed(ground: Ground, language: Language) -> &'static str {
    let texts = match ground {
        Ground::CreditConfirmed => [
            "The payee's bank confirms that the payee has the money.",
            "प्राप्तकर्ता का बैंक पुष्टि करता है कि पैसा प्राप्तकर्ता को मिल गया है।",
            "收款方银行确认款项已到账。",
        ],
        Ground::DebitReversed => [
            "Your bank confirms that nothing of the debit stands: it was not made, or the money is back.",
            "आपका बैंक पुष्टि करता है कि कटौती अब नहीं है: पैसा कटा नहीं या वापस आ चुका है।",
            "您的银行确认扣款已不存在：未扣款或款项已退回。",
        ],
        Ground::Withdrawn => ["You withdrew it.", "आपने इसे वापस ले लिया।", "您已撤回。"],
        Ground::Verdict => [
            "The network decided for the payee.",
            "नेटवर्क ने प्राप्तकर्ता के पक्ष में फ़ैसला किया।",
            "网络裁决支持收款方。",
        ],
        Ground::NotProven => [
            "The network did not decide in time; what the payee showed stands.",
            "नेटवर्क ने समय पर फ़ैसला नहीं किया; प्राप्तकर्ता का जवाब मान्य है।",
            "网络未在期限内裁决，以收款方的依据为准。",
        ],
        _ => [
            "Nobody went on in time; the payee keeps the money.",
            "समय पर आगे नहीं बढ़ा गया; पैसा प्राप्तकर्ता के पास रहेगा।",
            "未在期限内继续，款项归收款方所有。",
        ],
    };
    crate::codes::pick(texts, language)
}

#[cfg(test)]
mod tests {
    use super::super::ladder::STATES;
    use super::*;

    #[test]
    fn every_state_is_told_in_three_languages() {
        let grounds = [
            Ground::CreditConfirmed,
            Ground::Withdrawn,
            Ground::Verdict,
            Ground::NotProven,
            Ground::NotPursued,
        ];
        for state in STATES.into_iter().chain(grounds.map(State::Closed)) {
            let each = [Language::English, Language::Hindi, Language::Chinese];
            let said = each.map(|language| state.say(language));
            for texts in [
                said,
                each.map(|language| state.say_to_payee(language)),
                each.map(|language| state.ask(language)),
            ] {
                assert!(texts[0] != texts[1] && texts[1] != texts[2] && !texts[0].is_empty(), "{state}");
            }
            assert!(!state.flag(Kind::Ordinary).is_empty() && state.flag(Kind::Fraud).len() <= 10, "{state}");
        }
        assert_eq!(State::Chargeback.flag(Kind::WrongCredit), "WC");
        assert_eq!(State::parse("nothing"), None);
        assert_eq!(State::parse("closed withdrawn"), Some(State::Closed(Ground::Withdrawn)));
    }
}
