//! What a person is told, and what happens next, in three languages. No sentence blames a customer for a machine, and
//! none says that nothing was taken unless the table says so.

/// A language of the screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Hindi.
    Hindi,
    /// Chinese.
    Chinese,
}

macro_rules! advice {
    ($($(#[$about:meta])* $name:ident $next:ident $english:literal $hindi:literal $chinese:literal)*) => {
        /// What a person is told.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Advice {
            $($(#[$about])* $name,)*
        }

        impl Advice {
            /// All of them.
            pub const ALL: &'static [Advice] = &[$(Advice::$name),*];

            /// What happened.
            pub fn say(self, language: Language) -> &'static str {
                let texts = match self { $(Advice::$name => [$english, $hindi, $chinese],)* };
                pick(texts, language)
            }

            /// What happens next.
            fn follows(self) -> Next {
                match self { $(Advice::$name => Next::$next,)* }
            }
        }
    };
}

/// What happens next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Nothing,
    Checked,
    Returned,
    Later,
    Again,
    Bank,
    Choose,
}

impl Next {
    fn say(self, language: Language) -> &'static str {
        let texts = match self {
            Next::Nothing => ["Nothing more is needed.", "और कुछ करने की ज़रूरत नहीं।", "无需其他操作。"],
            Next::Checked => [
                "We ask the banks until it is certain and then tell you. Please do not pay again meanwhile.",
                "पक्का होने तक हम बैंकों से पूछते रहेंगे और फिर आपको बताएँगे। तब तक कृपया दोबारा भुगतान न करें।",
                "我们会向银行查询，直到有确定结果后通知您。在此之前请勿重复付款。",
            ],
            Next::Returned => [
                "The money comes back to your account by itself. If it is not there in two working days, raise a complaint here.",
                "पैसा अपने आप आपके खाते में लौट आएगा। दो कार्य दिवस में न आए तो यहाँ शिकायत दर्ज करें।",
                "款项将自动退回您的账户。若两个工作日内未到账，请在此处投诉。",
            ],
            Next::Later => [
                "Try again in a few minutes, or pay from another account.",
                "कुछ मिनट बाद फिर कोशिश करें, या दूसरे खाते से भुगतान करें।",
                "请几分钟后重试，或使用其他账户付款。",
            ],
            Next::Again => ["Correct it and try again.", "इसे ठीक करके फिर कोशिश करें।", "请更正后重试。"],
            Next::Bank => [
                "Please ask your bank; trying again gives the same answer.",
                "कृपया अपने बैंक से पूछें; दोबारा कोशिश पर यही जवाब मिलेगा।",
                "请联系您的银行；重试会得到相同结果。",
            ],
            Next::Choose => [
                "Choose another account, amount or payee.",
                "दूसरा खाता, राशि या प्राप्तकर्ता चुनें।",
                "请选择其他账户、金额或收款人。",
            ],
        };
        pick(texts, language)
    }
}

pub(crate) fn pick(texts: [&'static str; 3], language: Language) -> &'static str {
    let [english, hindi, chinese] = texts;
    match language {
        Language::English => english,
        Language::Hindi => hindi,
        Language::Chinese => chinese,
    }
}

impl Advice {
    /// What happens next, or what to do.
    pub fn next(self, language: Language) -> &'static str {
        self.follows().say(language)
    }

    /// Whether it says, or lets believe, that no money was taken.
    pub fn says_nothing_moved(self) -> bool {
        !matches!(self, Advice::Done | Advice::BeingChecked | Advice::ComesBack)
    }
}

advice! {
    /// It went through.
    Done Nothing "Paid." "भुगतान हो गया।" "已付款。"
    /// Nobody knows yet.
    BeingChecked Checked
        "The banks have not told us yet how this ended. It is being checked."
        "बैंकों ने अभी नहीं बताया कि भुगतान हुआ या नहीं। जाँच चल रही है।"
        "银行尚未告知结果，正在查询。"
    /// Debited, and on its way back.
    ComesBack Returned
        "The payment did not reach the payee."
        "भुगतान प्राप्तकर्ता तक नहीं पहुँचा।"
        "付款未能到达收款人。"
    /// Failed before anything moved, for a reason the person cannot change.
    NotDebited Later
        "The payment failed. No money was taken."
        "भुगतान नहीं हुआ। कोई पैसा नहीं कटा।"
        "付款失败，未扣款。"
    /// The payer's bank is down.
    BankDown Later
        "Your bank cannot be reached at the moment. No money was taken."
        "आपके बैंक से अभी संपर्क नहीं हो पा रहा। कोई पैसा नहीं कटा।"
        "目前无法连接您的银行，未扣款。"
    /// The payee's side is down.
    PayeeDown Later
        "The payee's bank or app cannot be reached at the moment. No money was taken."
        "प्राप्तकर्ता के बैंक या ऐप से अभी संपर्क नहीं हो पा रहा। कोई पैसा नहीं कटा।"
        "目前无法连接收款方的银行或应用，未扣款。"
    /// Too little money.
    InsufficientFunds Choose
        "There is not enough money in this account. No money was taken."
        "इस खाते में पर्याप्त पैसा नहीं है। कोई पैसा नहीं कटा।"
        "账户余额不足，未扣款。"
    /// The PIN was wrong.
    WrongPin Again "The UPI PIN was wrong. No money was taken." "UPI PIN गलत था। कोई पैसा नहीं कटा।" "UPI 密码错误，未扣款。"
    /// Too many wrong PINs.
    PinBlocked Bank
        "The UPI PIN was entered wrongly too often. No money was taken; set a new PIN or wait a day."
        "UPI PIN बहुत बार गलत डाला गया। कोई पैसा नहीं कटा; नया PIN बनाएँ या एक दिन रुकें।"
        "UPI 密码错误次数过多，未扣款；请重设密码或等待一天。"
    /// No PIN yet.
    PinNotSet Again
        "This account has no UPI PIN yet. Set one first."
        "इस खाते का UPI PIN अभी नहीं बना है। पहले PIN बनाएँ।"
        "该账户尚未设置 UPI 密码，请先设置。"
    /// A limit of amount or count.
    LimitReached Choose
        "This is above a limit of your bank or of the network. No money was taken."
        "यह आपके बैंक या नेटवर्क की सीमा से ऊपर है। कोई पैसा नहीं कटा।"
        "超过银行或网络的限额，未扣款。"
    /// The limits of a new user.
    NewUserLimit Choose
        "On the first day after registering you can pay up to 5,000 rupees. No money was taken."
        "पंजीकरण के पहले दिन आप 5,000 रुपये तक भुगतान कर सकते हैं। कोई पैसा नहीं कटा।"
        "注册后首日最多可付 5,000 卢比，未扣款。"
    /// The bank does not allow it from this account.
    AccountRefused Bank
        "Your bank does not allow this payment from this account. No money was taken."
        "आपका बैंक इस खाते से यह भुगतान नहीं करने देता। कोई पैसा नहीं कटा।"
        "您的银行不允许从该账户进行此付款，未扣款。"
    /// The card behind the account.
    CardRefused Bank
        "The bank does not take this card. No money was taken."
        "बैंक यह कार्ड स्वीकार नहीं करता। कोई पैसा नहीं कटा।"
        "银行不接受此卡，未扣款。"
    /// Suspected fraud.
    Suspicious Bank
        "The payment was stopped for your safety. No money was taken."
        "आपकी सुरक्षा के लिए भुगतान रोका गया। कोई पैसा नहीं कटा।"
        "为保障您的安全，付款已被拦截，未扣款。"
    /// The address does not exist.
    AddressUnknown Choose
        "This payment address does not exist or is not in use. No money was taken."
        "यह भुगतान पता मौजूद नहीं है या चालू नहीं है। कोई पैसा नहीं कटा।"
        "该收款地址不存在或已停用，未扣款。"
    /// The payee cannot receive it.
    PayeeRefused Choose
        "The payee cannot receive this payment. No money was taken."
        "प्राप्तकर्ता यह भुगतान नहीं ले सकता। कोई पैसा नहीं कटा।"
        "收款人无法接收此付款，未扣款。"
    /// The merchant.
    MerchantRefused Choose
        "This merchant cannot take the payment at the moment. No money was taken."
        "यह दुकानदार अभी भुगतान नहीं ले सकता। कोई पैसा नहीं कटा।"
        "该商户目前无法收款，未扣款。"
    /// The payer said no.
    Declined Nothing "The request was declined. No money was taken." "अनुरोध अस्वीकार किया गया। कोई पैसा नहीं कटा।" "请求已被拒绝，未扣款。"
    /// It was not approved in time.
    Expired Nothing
        "The request was not approved in time. No money was taken."
        "अनुरोध समय पर मंज़ूर नहीं हुआ। कोई पैसा नहीं कटा।"
        "请求未在时限内批准，未扣款。"
    /// Who asks is blocked.
    RequesterBlocked Nothing
        "Requests from this sender are blocked. No money was taken."
        "इस भेजने वाले के अनुरोध रोक दिए गए हैं। कोई पैसा नहीं कटा।"
        "已屏蔽该发起人的请求，未扣款。"
    /// The kind of account.
    AccountKindRefused Choose
        "This kind of account cannot be used here. No money was taken."
        "इस तरह का खाता यहाँ नहीं चलता। कोई पैसा नहीं कटा।"
        "此类账户不能用于该付款，未扣款。"
    /// Payer and payee are one.
    SameAccount Choose
        "Payer and payee are the same account. No money was taken."
        "भेजने वाला और पाने वाला एक ही खाता है। कोई पैसा नहीं कटा।"
        "付款与收款为同一账户，未扣款。"
    /// The mandate does not allow it.
    MandateRefused Bank
        "The mandate does not allow this debit. No money was taken."
        "मैंडेट इस कटौती की अनुमति नहीं देता। कोई पैसा नहीं कटा।"
        "授权不允许此次扣款，未扣款。"
    /// The telephone number at the bank changed.
    MobileChanged Bank
        "Your bank knows another telephone number for this account. No money was taken."
        "आपके बैंक में इस खाते का फ़ोन नंबर अलग है। कोई पैसा नहीं कटा।"
        "银行登记的手机号已变更，未扣款。"
    /// Details do not agree.
    DetailsDiffer Again
        "The account details do not agree with the bank's. No money was taken; link the account again."
        "खाते का विवरण बैंक से मेल नहीं खाता। कोई पैसा नहीं कटा; खाता फिर से जोड़ें।"
        "账户信息与银行记录不符，未扣款；请重新绑定账户。"
    /// The device must be bound again.
    DeviceUnbound Again
        "This phone must be registered again. No money was taken."
        "इस फ़ोन को फिर से पंजीकृत करना होगा। कोई पैसा नहीं कटा।"
        "需要重新注册此手机，未扣款。"
    /// The one-time password was wrong.
    OtpWrong Again "The one-time password was wrong." "OTP गलत था।" "一次性密码错误。"
    /// The one-time password is too old.
    OtpExpired Again "The one-time password is too old; ask for another." "OTP पुराना हो गया; नया मँगाएँ।" "一次性密码已过期，请重新获取。"
    /// Too many one-time passwords.
    OtpTries Later "The one-time password was wrong too often." "OTP बहुत बार गलत डाला गया।" "一次性密码错误次数过多。"
    /// The PIN is not one the bank takes.
    PinPolicy Again "Your bank does not take this PIN; choose another." "बैंक यह PIN स्वीकार नहीं करता; दूसरा चुनें।" "银行不接受此密码，请另选。"
    /// The registration is blocked.
    RegistrationBlocked Bank "Your bank has blocked the registration." "आपके बैंक ने पंजीकरण रोक दिया है।" "银行已阻止注册。"
    /// Registered already.
    AlreadyRegistered Nothing "This account is registered already." "यह खाता पहले से पंजीकृत है।" "该账户已注册。"
    /// The card's PIN.
    CardPinWrong Again "The card's PIN was wrong." "कार्ड का PIN गलत था।" "银行卡密码错误。"
    /// Several customers.
    SeveralCustomers Bank
        "Your bank finds several customers with this number."
        "बैंक को इस नंबर पर कई ग्राहक मिले।"
        "银行查到该号码对应多个客户。"
    /// The bank cannot check the card now.
    CardSystemDown Later "Your bank cannot check the card at the moment." "बैंक अभी कार्ड की जाँच नहीं कर पा रहा।" "银行目前无法验证银行卡。"
    /// Payments abroad.
    AbroadRefused Bank
        "Payments abroad are not possible with this account. No money was taken."
        "इस खाते से विदेश में भुगतान संभव नहीं है। कोई पैसा नहीं कटा।"
        "该账户不支持境外付款，未扣款。"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_advice_speaks_three_languages() {
        for advice in Advice::ALL {
            for language in [Language::English, Language::Hindi, Language::Chinese] {
                assert!(!advice.say(language).is_empty() && !advice.next(language).is_empty());
            }
            let has =
                |text: &str, range: std::ops::RangeInclusive<char>| text.chars().any(|c| range.contains(&c));
            assert!(has(advice.say(Language::Hindi), '\u{900}'..='\u{97F}'), "{advice:?}");
            assert!(has(advice.say(Language::Chinese), '\u{4E00}'..='\u{9FFF}'), "{advice:?}");
        }
    }

    #[test]
    fn who_says_that_nothing_was_taken_is_asked() {
        for advice in Advice::ALL {
            if advice.say(Language::English).contains("No money was taken") {
                assert!(advice.says_nothing_moved(), "{advice:?}");
            }
        }
    }
}
