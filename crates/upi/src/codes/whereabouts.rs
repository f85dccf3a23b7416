//! Where the money of a payment is while nobody knows how it ended, and what to do if it stays so, in three languages.

use super::Language;

/// Where the money is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whereabouts {
    /// Nobody has said yet whether it left the payer's account.
    Unknown,
    /// It may have left the payer's account; the payer's bank is asked to put it back until it says that it did (RR).
    ComingBack,
    /// It left the payer's account; the payee's bank is asked whether it arrived (RB).
    BetweenBanks,
}

impl Whereabouts {
    /// By the switch's code of a payment that has not ended.
    pub fn of(code: &str) -> Whereabouts {
        match code {
            "RR" => Whereabouts::ComingBack,
            "RB" => Whereabouts::BetweenBanks,
            _ => Whereabouts::Unknown,
        }
    }

    /// Where it is.
    pub fn say(self, language: Language) -> &'static str {
        let texts = match self {
            Whereabouts::Unknown => [
                "It is not known yet whether your account was debited. If it was, the money is with the network.",
                "अभी पता नहीं कि आपके खाते से पैसा कटा या नहीं। कटा है तो पैसा नेटवर्क के पास है।",
                "尚不清楚您的账户是否已扣款。如已扣款，资金在支付网络中。",
            ],
            Whereabouts::ComingBack => [
                "If your account was debited, your bank has the money and is putting it back.",
                "अगर आपके खाते से पैसा कटा है तो वह आपके बैंक के पास है और खाते में लौटाया जा रहा है।",
                "如您的账户已扣款，资金在您的银行，正在退回账户。",
            ],
            Whereabouts::BetweenBanks => [
                "The money left your account and is with the payee's bank, which is asked whether it reached the payee.",
                "पैसा आपके खाते से निकल चुका है और प्राप्तकर्ता के बैंक के पास है; बैंक से पूछा जा रहा है कि प्राप्तकर्ता को मिला या नहीं।",
                "资金已从您的账户转出，现在收款方银行，正在查询是否已到账。",
            ],
        };
        super::advice::pick(texts, language)
    }

    /// Whom to ask if it is not settled in time.
    pub fn ask(self, language: Language) -> &'static str {
        let texts = [
            "If it is still open then, ask your bank and quote the reference number; each later day it owes you 100 rupees.",
            "तब तक न सुलझे तो संदर्भ संख्या बताकर अपने बैंक से पूछें; उसके बाद हर दिन के लिए बैंक आपको 100 रुपये देगा।",
            "届时仍未解决，请凭参考号咨询您的银行；此后每逾一日银行应付您 100 卢比。",
        ];
        super::advice::pick(texts, language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_where_the_money_is() {
        for (code, whereabouts) in [
            ("RR", Whereabouts::ComingBack),
            ("RB", Whereabouts::BetweenBanks),
            ("01", Whereabouts::Unknown),
            ("U70", Whereabouts::Unknown),
        ] {
            assert_eq!(Whereabouts::of(code), whereabouts);
            let each = [Language::English, Language::Hindi, Language::Chinese]
                .map(|language| whereabouts.say(language));
            assert!(each.iter().all(|text| !text.is_empty()) && each[0] != each[1] && each[1] != each[2]);
        }
    }
}
