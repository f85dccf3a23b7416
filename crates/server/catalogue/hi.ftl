# स्क्रीन हिन्दी में क्या कहती हैं। हर सूची में यही नाम हैं।
paiza = Paiza
skip = सामग्री पर जाएँ
sandbox-note = { $count ->
    [one] इस मशीन पर एक पक्ष चल रहा है। न असली पैसा, न असली कार्ड।
   *[other] इस मशीन पर { $count } पक्ष चल रहे हैं। न असली पैसा, न असली कार्ड।
}
language = भाषा
theme = रूप
theme-system = सिस्टम जैसा
theme-light = उजला
theme-dark = गहरा
apply = लागू करें
start-title = फ़ोन को टर्मिनल से लगाइए। भुगतान का रास्ता देखिए।
start-lead = कार्ड भुगतान का हर पक्ष यहाँ चलता है, अपनी कुंजियों, अपने बही-खाते और अपने पते के साथ।
story-title = क्या आज़माएँ
story-amount = टर्मिनल पर राशि डालें, या ऊपर के बटन से भुगतान शुरू करें।
story-tap = नीचे का कोई कार्ड फ़ोन में जोड़ें, फिर फ़ोन को टर्मिनल के रीडर से लगाएँ।
story-see = कंसोल खोलें: वह दिखाता है कि भुगतान किस रास्ते गया और हर पक्ष को क्या बताया गया। लिंक वहाँ छपा है जहाँ Paiza शुरू किया गया।
story-back = टर्मिनल पर भुगतान सूची में जाकर उसे रद्द करें और वापसी का रास्ता देखें।
start-console = कंसोल
start-tap = दुकान में भुगतान शुरू करें
screen-phone = { $name }, फ़ोन
screen-terminal = { $name }, टर्मिनल
screen-phone-does = अपनी कुंजियों वाला फ़ोन। नीचे से कार्ड जोड़ें, फिर रीडर से लगाएँ।
screen-terminal-does = एक टैप में कुछ APDU, फिर एक ISO 8583 संदेश और उसका जवाब।
parties = पक्ष
party = पक्ष
address = पता
sees = क्या देखता है
party-platform = टोकन सेवा
party-telephone = टेलीफ़ोन नेटवर्क
party-acquirer = अधिग्राहक बैंक
party-network = कार्ड नेटवर्क
party-gateway = टोकन द्वार
party-issuer = { $bank }, बैंक
party-desk = { $bank }, डेस्क
sees-token = टोकन
sees-both = टोकन और कार्ड
sees-card = कार्ड
sees-nothing = दोनों में से कोई नहीं
sees-texts = संदेश
try-shell = शेल से आज़माएँ
try-lead = हर पंक्ति अपने आप में एक पक्ष है और असली संदेश बोलती है।
cards-title = आज़माने के कार्ड
cards-lead = बैंक सैंडबॉक्स के हैं, नंबर परीक्षण के हैं।
card-named = { $bank } कार्ड
lost-title = खोया फ़ोन
lost-link = खोया फ़ोन
lost-lead = आपके फ़ोनों के सभी कार्ड तुरंत भुगतान करना बंद कर देंगे। आपको वह रिकवरी कोड चाहिए जो पहला फ़ोन लगाते समय दिखाया गया था।
lost-number = फ़ोन नंबर
lost-number-hint = देश के कोड के साथ, जैसे +8613800000001
lost-code = रिकवरी कोड
lost-code-hint = सोलह अक्षर और अंक
lost-submit = सभी कार्ड रोकें
lost-done = { $count ->
    [0] रोकने के लिए कोई कार्ड नहीं बचा था।
    [one] एक कार्ड ने भुगतान करना बंद कर दिया है।
   *[other] { $count } कार्डों ने भुगतान करना बंद कर दिया है।
}
lost-done-next = वे जहाँ हैं वहीं रहेंगे। फ़ोन मिलने पर वहीं फिर चालू करें, या अपने बैंक से पूछें।
lost-failed = यह नहीं हो सका
lost-failed-next = नंबर और कोड मेल नहीं खाते, या बहुत बार कोशिश हुई। कुछ नहीं बदला। दोनों जाँचें, या अपने बैंक से पूछें।
try-again = फिर कोशिश करें
refused-title = यह कहीं और से माँगा गया
refused-next = कुछ नहीं किया गया। यह पेज इसी मशीन के अपने पते से खोलें।
styleguide = शैली मार्गदर्शिका
guide-lead = स्क्रीनें जिनसे बनी हैं वह सब, दोनों रूपों और सभी भाषाओं में।
guide-colour = रंग
guide-type = अक्षर
guide-buttons = बटन
guide-chips = चिप
guide-fields = फ़ील्ड
guide-ends = एक पट्टिका, तीन अंत
guide-banners = सूचनाएँ
guide-icons = चिह्न
guide-art = कार्ड का चित्र
guide-money = पैसा
type-money = राशि
type-title = एक वाक्य बताता है कि क्या हुआ
type-heading = भाग का शीर्षक
type-body = फिर एक वाक्य बताता है कि पैसा कहाँ है और आगे क्या होगा।
type-label = फ़ील्ड के ऊपर का लेबल
type-caption = दूसरी पंक्ति, कभी बारह पिक्सेल से छोटी नहीं
button-pay = { $amount } दें
button-continue = आगे बढ़ें
button-nothing = कुछ न भेजें
button-remove = हटाएँ
button-checking = जाँच हो रही है…
chip-paid = भुगतान हुआ
chip-checked = जाँच में
chip-not-paid = भुगतान नहीं हुआ
chip-refunded = लौटाया गया
chip-attention = आपकी ज़रूरत है
chip-paused = रुका हुआ
field-amount = राशि
field-error = आज { $amount } तक
end-done = पूरी और भरी: हो गया
end-unknown = टूटी रेखा: अभी पता नहीं
end-not-done = टूटी हुई: नहीं हुआ
end-empty = केवल रेखा: अभी यहाँ कुछ नहीं
banner-wait = जाँच में
banner-wait-next = सोमवार तक हो जाएगा या लौट आएगा। आपको कुछ नहीं करना है।
banner-warn = इस दुकान को पहला भुगतान
banner-warn-next = काउंटर पर लिखा नाम जाँचें।
banner-bad = बैंक उत्तर नहीं दे रहा
banner-bad-next = दूसरे कार्ड चल रहे हैं।
banner-ok = सब बही-खाते मिलते हैं
banner-ok-next = कुछ खोया नहीं और कुछ दो बार नहीं है।
art-checking = जाँच में
art-paused = रुका हुआ
art-product = रोज़ का डेबिट
art-lying = बटुए में एक कार्ड
art-held = उठाने पर, एक पट्टिका
money-cny = { $majorWords } युआन{ $minor ->
    [0] { "" }
   *[other] { " " }{ $minorWords } फेन
}
money-inr = { $major ->
    [one] { $majorWords } रुपया
   *[other] { $majorWords } रुपये
}{ $minor ->
    [0] { "" }
    [one] { " " }{ $minorWords } पैसा
   *[other] { " " }{ $minorWords } पैसे
}
money-jpy = { $majorWords } येन{ $minor ->
   *[other] { "" }
}
money-kwd = { $majorWords } दीनार{ $minor ->
    [0] { "" }
   *[other] { " " }{ $minorWords } फ़िल्स
}
reference-name = Paiza API
reference-menu = संदर्भ
reference-back = शुरुआती पेज
