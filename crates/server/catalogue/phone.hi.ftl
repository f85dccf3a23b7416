# फ़ोन की स्क्रीन पर हिन्दी के वाक्य। हर सूची में यही नाम हैं।
back = वापस
close = बंद करें
done = हो गया
all = सभी
tabs = फ़ोन की जगहें
tab-home = होम
tab-history = इतिहास
tab-inbox = संदेश
tab-you = आप
lock-now = लॉक करें
inbox-unread = { $count ->
    [one] एक अनपढ़ा संदेश
   *[other] { $count } अनपढ़े संदेश
}
welcome-title = यह फ़ोन तैयार करें
welcome-lead = बैंक और दुकानें आपके नंबर से आप तक पहुँचती हैं। हम उस पर एक कोड भेजते हैं।
welcome-number = मोबाइल नंबर
welcome-name = आप इस फ़ोन को क्या कहते हैं?
welcome-name-hint = यह आपके उपकरणों की सूची में दिखेगा।
welcome-default-name = मेरा फ़ोन
welcome-promise = कुंजियाँ यहीं बनती हैं और इस फ़ोन से बाहर नहीं जातीं।
welcome-wrong-number = देश कोड के साथ नंबर लिखें, जैसे +8613800000001.
welcome-unreachable = टोकन सेवा उत्तर नहीं दे रही। कुछ नहीं भेजा गया। थोड़ी देर में फिर कोशिश करें।
welcome-too-many = इस नंबर पर बहुत से कोड भेजे गए। बाद में फिर कोशिश करें।
passcode-bar = पासकोड
passcode-title = पासकोड चुनें
passcode-lead = इससे फ़ोन खुलता है और हर भुगतान होता है। यह यहीं रहता है: कोई और इसे न जानता है, न बता सकता है।
passcode-label = पासकोड
passcode-hint = छह या अधिक अक्षर। केवल अंक भी चलेंगे।
passcode-again = वही एक बार और
passcode-short = पासकोड 6 से 64 अक्षरों का होता है।
passcode-simple = चोर यही पहले आज़माता है। कोई दूसरा चुनें।
passcode-yours = यह आपके नंबर का हिस्सा है। कोई दूसरा चुनें।
passcode-differs = दोनों एक जैसे नहीं थे।
code-bar = आपका नंबर
code-title = भेजा गया कोड लिखें
code-lead = संदेश { $number } पर भेजा गया। तीन मिनट तक मान्य। Paiza का कोई व्यक्ति इसे कभी नहीं पूछता।
code-label = छह अंक
code-waiting = संदेश रास्ते में है।
code-look = फिर देखें
code-again = नया कोड भेजें
code-submit = नंबर की पुष्टि करें
code-wrong-plain = कोड मेल नहीं खाया। जाँचकर फिर लिखें।
code-void = यह कोड अब नहीं चलेगा। नया कोड भेजें।
recovery-title = यह फ़ोन अब आपका है
recovery-lead = फ़ोन खो जाए तो इस कोड से किसी भी ब्राउज़र में आपके सभी कार्ड रुक जाते हैं। इसे लिखकर कहीं और रखें। यह केवल अभी दिखता है।
recovery-where = उपयोग यहाँ करें
recovery-kept = मैंने लिख लिया है
recovery-had = आपके पहले फ़ोन का रिकवरी कोड इस फ़ोन के कार्ड भी रोकता है।
unlock-title = पासकोड लिखें
unlock-pay = भुगतान के लिए पासकोड लिखें
unlock-submit = खोलें
unlock-forgot = फ़ोन खो गया या पासकोड भूल गए
unlock-wrong = पासकोड मेल नहीं खाया। { $tries ->
    [one] एक कोशिश बची है। उसके बाद फ़ोन अपनी कुंजियाँ भूल जाएगा।
   *[other] { $tries } कोशिशें बची हैं।
}
unlock-wait = पासकोड कई बार गलत रहा। { $time } पर फिर कोशिश करें।
unlock-gone = पासकोड कई बार गलत रहा। यह फ़ोन अपनी कुंजियाँ भूल चुका है और भुगतान नहीं कर सकता। इसके कार्ड रिकवरी कोड से रोके जा सकते हैं।
gone-title = यह फ़ोन हमेशा के लिए बंद हो गया
gone-next = अपने नंबर और नए पासकोड से इसे फिर तैयार करें, फिर कार्ड जोड़ें। तब तक इससे कोई भुगतान नहीं होगा।
gone-submit = इसके कार्ड हटाकर फिर शुरू करें
pin-entered = # लिखे गए
pin-back = आख़िरी हटाएँ
home-title = कार्ड
home-add = कार्ड जोड़ें
home-tap = टैप
home-scan = स्कैन
home-pay = भेजें
home-receive = पाएँ
home-known = लोग और दुकानें
home-cards = आपके कार्ड
home-recent = दिया और पाया
home-nothing-paid = आपके किए भुगतान यहाँ दिखेंगे।
home-empty = अभी कोई कार्ड नहीं
home-empty-next = बैंक कार्ड जोड़ें, फिर किसी भी रीडर के पास फ़ोन लाकर भुगतान करें।
home-pending = अभी जाँच हो रही है। कुछ करना नहीं है।
home-pending-many = { $count } भुगतान
card-label = { $bank } का कार्ड, अंत में
card-active = चालू
card-paused = रुका हुआ
card-stopped = बंद किया गया
card-first-short = पहले टैप होता है
card-first = टैप करने पर पहले यही
card-first-note = फ़ोन रीडर के पास लाते ही सामने आता है
card-number-phone = इस फ़ोन पर नंबर
card-number-card = कार्ड पर नंबर
card-valid = कार्ड { $month } तक मान्य
card-keys = { $count ->
    [0] नेटवर्क के बिना कोई भुगतान नहीं बचा
    [one] नेटवर्क के बिना एक भुगतान बचा है
   *[other] नेटवर्क के बिना { $count } भुगतान बचे हैं
}
card-keys-note = हर टैप में एक कुंजी लगती है। नई अपने आप आती हैं।
card-arrange = नाम और जगह
card-nickname = आप इसे क्या कहते हैं
card-nickname-save = नाम रखें
card-up = सूची में ऊपर लाएँ
card-nothing-paid = इस फ़ोन पर इस कार्ड से कोई भुगतान नहीं हुआ।
card-pause = रोकें
card-resume = फिर चालू करें
card-note-paused = रुक गया। फिर चालू करने तक यह कार्ड भुगतान नहीं कर सकता।
card-note-resumed = फिर चालू। यह कार्ड अब भुगतान करता है।
card-note-first = अब यही कार्ड पहले टैप होता है।
card-note-named = नाम रख लिया गया।
card-note-moved = ऊपर आ गया।
card-note-later = इस फ़ोन पर हो गया। टोकन सेवा से संपर्क होते ही उसे बताया जाएगा।
card-note-refused = यह नहीं हो सका। कुछ नहीं बदला।
remove-title = यह कार्ड इस फ़ोन से हटाएँ?
remove-lead = यहाँ यह तुरंत भुगतान बंद कर देता है, नेटवर्क के बिना भी। कार्ड और आपका खाता वैसे ही रहते हैं।
remove-keep = रहने दें
add-title = कार्ड जोड़ें
add-not-yet = अभी नहीं जोड़ा
add-number = कार्ड नंबर
add-check-number = नंबर पूरा है और जाँच अंक सही है
add-check-bank = यह बैंक फ़ोन को टोकन से भुगतान करने देता है
add-check-known = { $bank }, { $product }
add-expiry = मान्यता
add-security = सुरक्षा कोड
add-other-phone = मेरे बैंक के पास दूसरा नंबर है
add-bank-phone = बैंक में दर्ज मोबाइल नंबर
add-promise = दुकानों को यह नंबर कभी नहीं मिलता। उन्हें टोकन मिलता है जो केवल इस फ़ोन पर चलता है।
add-next = आगे: आपका बैंक तय करता है कि आपकी जाँच कैसे हो
add-asking = आपके बैंक से पूछा जा रहा है…
add-wrong-number = यह कार्ड नंबर नहीं है: कोई अंक छूटा या गलत है।
add-wrong-bank = इस नंबर का कोई भाग लेने वाला बैंक नहीं है।
add-wrong-expiry = कार्ड पर लिखा माह और वर्ष, जैसे 12 / 30.
add-past-expiry = इस कार्ड की मान्यता समाप्त है।
add-wrong-security = कार्ड के पीछे के तीन या चार अंक।
add-nothing-sent = कुछ नहीं जोड़ा गया।
add-unreachable = टोकन सेवा उत्तर नहीं दे रही।
add-bank-silent = आपका बैंक उत्तर नहीं दे रहा। थोड़ी देर में फिर कोशिश करें।
verify-title = आपकी जाँच
verify-not-active = , अभी चालू नहीं
verify-choose = { $bank } आपकी जाँच कैसे करे?
verify-choose-lead = ये तरीके आपके बैंक ने चुने हैं। कोई इनसे कमज़ोर नहीं चुन सकता।
verify-ways = { $bank } इनकी अनुमति देता है
verify-message = संदेश से कोड
verify-again = नया कोड भेजें
verify-enter = { $bank } का भेजा कोड लिखें
verify-sent = संदेश { $place } पर भेजा गया। Paiza या बैंक का कोई व्यक्ति इसे कभी नहीं पूछता।
verify-good = तीन मिनट तक मान्य, { $tries ->
    [one] एक कोशिश
   *[other] { $tries } कोशिशें
} बाकी
verify-wrong = कोड मेल नहीं खाया। { $tries ->
    [one] एक कोशिश बची है।
   *[other] { $tries } कोशिशें बची हैं।
}
verify-too-many = बहुत से कोड भेजे गए। थोड़ा रुककर फिर कोशिश करें।
verify-six = कोड में छह अंक होते हैं।
verify-submit = यह कार्ड जोड़ें
added-title = कार्ड तैयार है
added-lead = { $bank } ने अनुमति दी। किसी भी रीडर के पास फ़ोन लाकर भुगतान करें।
added-see = यह कार्ड देखें
not-added-title = कार्ड नहीं जोड़ा गया
no-card-data = { $bank } के पास इन विवरणों का कोई कार्ड नहीं है।
no-card-data-next = नंबर, मान्यता, सुरक्षा कोड और बैंक में दर्ज मोबाइल नंबर जाँचें। कुछ नहीं जोड़ा गया।
no-card-restricted = { $bank } ने यह कार्ड रोक दिया है।
no-card-expired = { $bank } के अनुसार इस कार्ड की मान्यता समाप्त है।
no-too-many = आज बहुत से कार्ड आज़माए गए।
no-tomorrow = कल फिर कोशिश करें। कुछ नहीं जोड़ा गया।
no-too-many-tokens = यह कार्ड पहले ही बहुत से फ़ोन पर है।
no-full = इस फ़ोन पर पहले से आठ कार्ड हैं।
no-full-next = एक हटाएँ, फिर इसे जोड़ें।
no-here = यह कार्ड पहले से इस फ़ोन पर है।
no-here-next = कुछ नहीं बदला।
no-not-supported = { $bank } अभी इस कार्ड से फ़ोन को भुगतान नहीं करने देता।
no-code-void = कोड कई बार गलत रहा, या देर हो गई।
no-code-void-next = नया कोड पाने के लिए फिर शुरू करें। कुछ नहीं जोड़ा गया।
no-too-slow = इसमें बहुत समय लगा।
no-bank-says = { $bank } ने यह कार्ड जोड़ने नहीं दिया।
no-ask-bank = कारण और उपाय आपका बैंक बता सकता है। कुछ नहीं जोड़ा गया।
bank-answer = उत्तर
tap-unlocked = खुला है, बाकी
tap-hold = रीडर के पास रखें
tap-hold-next = राशि दुकान तय करती है। भुगतान होते ही यहाँ दिखेगी।
tap-which = कौन सा कार्ड
tap-checking = जाँच हो रही है
tap-checking-next = रीडर ने कार्ड पढ़ लिया। बैंक से पूछा जा रहा है।
tap-unknown = अभी पता नहीं
tap-unknown-next = दुकान का टर्मिनल परिणाम दिखाता है। भुगतान न हुआ हो तो ली गई राशि अपने आप लौटती है। दो बार भुगतान न करें।
tap-paid = भुगतान हुआ
tap-not-paid = भुगतान नहीं हुआ
tap-nothing-taken = कुछ नहीं लिया गया।
tap-saw = दुकान ने टोकन देखा •• { $digits }
tap-next-card = आपके क्रम में अगला कार्ड
tap-again-with = { $bank } से फिर टैप करें
tap-again = फिर टैप करें
tap-receipt = रसीद
tap-no-shop = दुकान
why-time = पासकोड बहुत पहले लिखा गया था।
why-no-reader = पास में कोई रीडर नहीं मिला।
why-left = फ़ोन रीडर से जल्दी हट गया।
why-not-active = यह कार्ड रुका हुआ या बंद है।
why-no-key = इस कार्ड की कोई कुंजी नहीं बची। टोकन सेवा से संपर्क होते ही नई मिलेंगी।
why-over-limit = यह एक टैप की सीमा से अधिक है।
why-not-here = यह कार्ड इस रीडर पर भुगतान नहीं कर सकता।
why-failed = फ़ोन इस भुगतान को दर्ज नहीं कर सका, इसलिए कुछ नहीं भेजा।
why-card-said-no = कार्ड और टर्मिनल इस भुगतान पर सहमत नहीं हुए।
why-05 = { $bank } ने यह भुगतान नहीं होने दिया।
why-lost = { $bank } के अनुसार यह कार्ड खोया या चोरी हुआ बताया गया है।
why-51 = { $bank } के अनुसार खाते में पर्याप्त राशि नहीं है।
why-54 = { $bank } के अनुसार इस कार्ड की मान्यता समाप्त है।
why-57 = { $bank } इस कार्ड से ऐसा भुगतान नहीं होने देता।
why-61 = { $bank } के अनुसार यह कार्ड की सीमा से अधिक है।
why-62 = { $bank } ने इस कार्ड पर रोक लगाई है।
why-65 = { $bank } के अनुसार यह कार्ड बहुत बार उपयोग हुआ।
why-91 = { $bank } उत्तर नहीं दे रहा। दूसरे कार्ड चल सकते हैं।
why-amount-over-limit = यह भुगतान फ़ोन के इस कार्ड की सीमा से अधिक है।
why-daily-amount-over-limit = यह भुगतान एक दिन की सीमा से अधिक है।
why-daily-count-over-limit = आज यह कार्ड बहुत बार टैप हुआ।
why-token-suspended = यह कार्ड रुका हुआ या बंद है।
why-keys-revoked = यह कार्ड कुछ समय बंद था। एक बार खोलें, फिर टैप करें।
why-merchant-not-allowed = यह कार्ड ऐसी दुकान पर भुगतान नहीं करता।
why-currency-not-allowed = यह कार्ड इस मुद्रा में भुगतान नहीं करता।
why-country-not-allowed = यह कार्ड इस देश में भुगतान नहीं करता।
why-verification-required = इस भुगतान के लिए पहले आपका पासकोड चाहिए।
why-token-expired = फ़ोन पर इस कार्ड की मान्यता समाप्त है। इसे फिर जोड़ें।
why-not-allowed = टोकन सेवा ने यह भुगतान नहीं होने दिया।
history-empty = अभी कोई भुगतान नहीं
history-empty-next = हर टैप और उसका परिणाम यहाँ दिखता है।
history-out = गया
history-in = आया
history-table = तालिका के रूप में रखें (CSV)
history-paper = काग़ज़ के रूप में रखें (PDF)
history-whom = किसे
history-state = परिणाम
history-found = { $what }: { $words }
history-table-missing = तालिका में आपके कुछ भुगतान नहीं होंगे। बाद में फिर कोशिश करें।
history-search = नाम, राशि या कार्ड
history-look = खोजें
history-filter = कौन से भुगतान
history-none = कुछ नहीं मिला
history-none-next = ये शब्द या यह राशि किसी भुगतान में नहीं है।
history-all = सभी दिखाएँ
history-show-all = सभी
history-show-out = गया
history-show-in = आया
history-show-waiting = जाँच में
today = आज
yesterday = कल
chip-taken-back = वापस लिया गया
receipt-title = भुगतान
receipt-paid = आपके बैंक ने अनुमति दी, और दुकान को उत्तर मिल गया।
receipt-not-paid = कुछ नहीं लिया गया।
receipt-back = यह वापस लिया गया। राशि आपके खाते में है, या लौट रही है।
receipt-checked = इस फ़ोन को अभी परिणाम नहीं बताया गया। भुगतान न हुआ हो तो ली गई राशि अपने आप लौटती है।
receipt-when = कब
receipt-card = कार्ड
receipt-saw = दुकान ने टोकन देखा
receipt-counter = भुगतान क्रमांक
receipt-how = कैसे
receipt-by-tap = टैप
receipt-by-shown-code = इस फ़ोन का कोड, दुकान ने स्कैन किया
receipt-by-scanned-code = दुकान का कोड, इस फ़ोन ने स्कैन किया
row-by-tap = टैप
row-by-code = कोड
receipt-texts = आपके बैंक ने क्या लिखा
slip-share = यह रसीद भेजें
slip-title = भुगतान की रसीद
slip-lead = आप यही आगे देते हैं। आपके बैंक के संदेश और कार्ड नंबर इसमें नहीं हैं।
slip-send = भेजें
slip-copy = कॉपी करें
slip-copied = कॉपी हो गया।
slip-as-text = पाठ
slip-as-pdf = PDF
slip-fact = { $name }: { $what }
slip-made = जिस फ़ोन से भुगतान हुआ उसी पर बनी। यह सामान दिए जाने का प्रमाण नहीं है।
paper-none = यह पन्ना नहीं बन सका
paper-no-font = इस मशीन के किसी फ़ॉन्ट में इसके सभी अक्षर नहीं हैं। उनके फ़ॉन्ट लगाएँ (Noto में सब हैं), या इसे पाठ के रूप में रखें।
inbox-look = नए संदेश देखें
inbox-new = अनपढ़ा
inbox-empty = कोई संदेश नहीं
inbox-empty-next = कोड और भुगतान के बारे में बैंक के संदेश यहाँ आते हैं।
inbox-unreachable = टेलीफ़ोन नेटवर्क उत्तर नहीं दे रहा
inbox-unreachable-next = पहले आए संदेश दिख रहे हैं।
you-number = इस फ़ोन का नंबर
you-lost-note = किसी भी ब्राउज़र से आपके सभी कार्ड रोकता है
you-look = भाषा और थीम
you-clock = घड़ी
you-clock-note = सूचियाँ इसी से समय बताती हैं। रसीद वह समय बताती है जो भुगतान की जगह पर था।
you-clock-by = समय
zone-utc = विश्व समय, UTC
zone-china = चीन का समय, UTC+8
zone-india = भारत का समय, UTC+5:30
when = { $date }, { $time } ({ $zone })
when-elsewhere = { $there }। इस फ़ोन पर: { $here }
devices-title = उपकरण
devices-note = वे फ़ोन जो आपके कार्ड से भुगतान करते हैं
devices-lead = हर फ़ोन की अपनी कुंजियाँ और आपके कार्ड के अपने टोकन हैं।
devices-cards = { $count ->
    [0] कोई कार्ड नहीं
    [one] एक कार्ड
   *[other] { $count } कार्ड
}
devices-since = { $day } से
devices-here = यह फ़ोन
devices-lost = खोया बताया गया
devices-stop = इनमें से कोई खो गया?
privacy-title = निजता
privacy-note = क्या रखा है, किसने देखा, साथ ले जाएँ, छोड़ें
parties-title = कौन क्या देखता है
parties-note = हर टैप में, एक-एक पक्ष
privacy-lead = टैप पाँच पक्षों से गुज़रता है। हर एक को वही मिलता है जो उसे चाहिए।
privacy-phone = यह फ़ोन
privacy-phone-sees = टोकन, हर टैप की एक कुंजी, आपके संदेश
privacy-phone-not = आपका कार्ड नंबर: जुड़ते ही भुला दिया गया
privacy-shop = दुकान और उसका बैंक
privacy-shop-sees = टोकन और एक बार चलने वाला प्रमाण
privacy-shop-not = कार्ड नंबर, नाम, मोबाइल नंबर
privacy-network = कार्ड नेटवर्क
privacy-network-sees = टोकन और राशि
privacy-network-not = कार्ड नंबर, आपने क्या ख़रीदा
privacy-service = टोकन सेवा
privacy-service-sees = हर भुगतान के एक क्षण के लिए, टोकन के पीछे का कार्ड नंबर
privacy-service-not = आपका पासकोड, संदेश, कोड
privacy-bank = आपका बैंक
privacy-bank-sees = कार्ड, राशि, दुकान का नाम
privacy-bank-not = आप कहाँ हैं, इस फ़ोन पर और क्या है
privacy-promise = संदेश इसी फ़ोन पर रहते हैं। यह किसी को कुछ नहीं भेजता।
held-here = इस फ़ोन पर
held-there = टोकन सेवा में
held-payments = भुगतान
held-since = कब से
held-recovery = रिकवरी कोड
held-recovery-how = ऐसे सार के रूप में जिससे कोई उसे पढ़ नहीं सकता
held-removed = हटाया गया कार्ड
held-until = सीलबंद नंबर { $day } तक रखा है
held-agreed = आपने किस पर सहमति दी
held-agreed-note = कार्ड जोड़ने से उसके नंबर की जगह टोकन आता है। कार्ड हटाकर आप यह समाप्त करते हैं।
held-agreed-none = किसी पर नहीं: कोई कार्ड नहीं है।
held-withdraw = वापस लें
held-elsewhere = दूसरे फ़ोन पर
held-looks = किसने देखा
held-looks-note = मंच चलाने वाले आपके कार्ड, फ़ोन या भुगतान को हर बार देखने पर एक पंक्ति छोड़ते हैं। सभी ग्राहकों की खोज और सूचियाँ यहाँ नहीं दिखतीं।
held-looks-none = किसी ने नहीं।
held-looks-unknown = यहाँ ऐसा कोई कंसोल नहीं चलता जिससे कोई देख सके।
held-looks-more = { $count ->
    [one] एक और फ़ाइल में है।
   *[other] { $count } और फ़ाइल में हैं।
}
held-silent = टोकन सेवा उत्तर नहीं दे रही। आप वह देख रहे हैं जो इस फ़ोन पर है।
held-file = साथ ले जाएँ
held-file-note = इस पन्ने का और इसके पीछे का सब कुछ, फ़ाइल के रूप में (JSON)
access-view = { $who } ने देखा
access-propose = { $who } ने बदलाव माँगा
access-approve = { $who } ने बदलाव मंज़ूर किया
access-decline = { $who } ने बदलाव ठुकराया
access-done = { $who } ने बदलाव किया
access-other = { $who } ने कुछ किया
leave-title = सब कुछ मिटाएँ
leave-note = कार्ड, इस फ़ोन के रिकॉर्ड, और आपके बारे में जो ज्ञात है
leave-now = तुरंत मिटता है
leave-cards = { $count ->
    [0] इस फ़ोन पर कोई कार्ड नहीं है।
    [one] इस फ़ोन का कार्ड। उसके बैंक को बताया जाता है।
   *[other] इस फ़ोन के { $count } कार्ड। उनके बैंकों को बताया जाता है।
}
leave-phone = टोकन सेवा में इस फ़ोन का नाम और कुंजियाँ; यहाँ इसके भुगतान, संदेश और कुंजियाँ।
leave-account = खाता भुगतान प्रदाता के पास आपके पते और जुड़े खाते, और इस फ़ोन का बंधन। डेबिट की अनुमति वापस ली जाती है।
leave-customer = टोकन सेवा में आपका नंबर और रिकवरी कोड: यह आपका आख़िरी फ़ोन है। खोए बताए गए फ़ोन भी जाते हैं।
leave-kept = क्या रहता है, और क्यों
leave-kept-numbers = सीलबंद कार्ड नंबर, 180 दिन, ताकि वापसी की राशि पहुँच सके। फिर वे भुला दिए जाते हैं।
leave-kept-earlier = जो कार्ड आपने पहले हटाए उनके नंबर { $day } तक जाते हैं।
leave-kept-payments = भुगतान, दुकान के बैंक और आपके बैंक में, जब तक क़ानून बही रखवाता है। उनमें टोकन है, आपका नाम नहीं।
leave-kept-chain = जो हुआ उसका जुड़ा हुआ अभिलेख, जो सिद्ध करता है कि कुछ बदला नहीं गया। उसमें से कुछ निकाला नहीं जा सकता।
leave-kept-account = खाते से किए भुगतान, प्रदाता और बैंकों के पास, जब तक क़ानून बही रखने को कहता है।
leave-submit = सब कुछ मिटाएँ
leave-keep = रहने दें
leave-purse-first = एक बटुआ है। पहले उसे बंद करें, ताकि उसका पैसा आपके खाते में लौटे।
leave-account-later = खाता भुगतान प्रदाता ने जवाब नहीं दिया। कुछ नहीं मिटाया गया; फिर कोशिश करें।
left-title = मिटा दिया गया
left-text = आपके कार्ड मिटा दिए गए हैं और यह फ़ोन अब किसी का नहीं है।
left-again = नए सिरे से सेट करें
offline-title = कोई उत्तर नहीं
offline-text = टोकन सेवा से संपर्क नहीं हो रहा। आपके कार्ड अब भी भुगतान करते हैं; कुछ नहीं बदला।
wrong-title = यह नहीं हो सका
wrong-text = कुछ नहीं बदला।
missing-title = यहाँ कुछ नहीं है
missing-text = यह पेज, कार्ड या भुगतान इस फ़ोन पर नहीं है।
month-and-year = { $month ->
    [1] जनवरी
    [2] फ़रवरी
    [3] मार्च
    [4] अप्रैल
    [5] मई
    [6] जून
    [7] जुलाई
    [8] अगस्त
    [9] सितंबर
    [10] अक्टूबर
    [11] नवंबर
   *[12] दिसंबर
} { $year }
month-and-day = { $day } { $month ->
    [1] जन॰
    [2] फ़र॰
    [3] मार्च
    [4] अप्रैल
    [5] मई
    [6] जून
    [7] जुल॰
    [8] अग॰
    [9] सित॰
    [10] अक्टू॰
    [11] नव॰
   *[12] दिस॰
} { $year }
home-code = कोड से भुगतान
bycode-title = कोड से भुगतान
bycode-show = मेरा कोड दिखाएँ
bycode-show-lead = दुकान इसे स्कैन करती है। यह एक मिनट तक, एक ही भुगतान के लिए है।
bycode-show-button = कोड दिखाएँ
bycode-scan = दुकान का कोड स्कैन करें
bycode-scan-lead = आप देखते हैं कि किसे भुगतान हो रहा है, और मंज़ूरी देते हैं।
bycode-pick = तस्वीर लें या चुनें
bycode-camera = कैमरे से स्कैन करें
bycode-finder = कैमरा जो देखता है
bycode-no-camera = यहाँ कैमरा काम नहीं कर सकता। तस्वीर लें, या कोड टाइप करें।
bycode-picture = कोड की तस्वीर
bycode-text = या उसका पाठ
bycode-scan-button = यह कोड देखें
bycode-looking = पूछा जा रहा है कि कोड किसका है
scan-not-paid = इस कोड का भुगतान नहीं होता
scan-code-none = कोई कोड पढ़ा नहीं गया। पास आएँ, सीधा रखें और फिर कोशिश करें।
scan-broken = यह भुगतान कोड नहीं है, या ख़राब है। कुछ भेजा नहीं गया।
scan-code-checksum = इसके जाँच अंक मेल नहीं खाते: यह ख़राब है या बदला गया है। कुछ भेजा नहीं गया।
scan-code-of-another-network = यह दूसरे नेटवर्क का है। आपके कार्ड इसका भुगतान नहीं कर सकते।
scan-code-asks-for-more = यह ऊपर से टिप या शुल्क माँगता है। दुकान से दूसरा कोड माँगें।
scan-code-letters = इसके नाम में दूसरे जैसे दिखने वाले अक्षर हैं। यह नक़ली हो सकता है। भुगतान न करें।
scan-code-name-differs = इस पर लिखा नाम दुकान के पंजीकृत नाम से अलग है। यह नक़ली हो सकता है। भुगतान न करें।
scan-code-currency = यह किसी अनजान मुद्रा में माँगता है।
scan-code-amount = इसमें माँगी गई रकम इस मुद्रा की रकम नहीं है।
scan-bill-over = इस बिल का भुगतान हो चुका है, वापस लिया गया है, या यह पुराना है। दुकान से नया कोड माँगें।
scan-bill-unknown = दुकान इस बिल को नहीं जानती। उससे नया कोड माँगें।
scan-bill-amount = इस पर लिखी रकम बिल की रकम नहीं है। यह नक़ली हो सकता है। भुगतान न करें।
scan-wrong-currency = यह दुकान की मुद्रा से अलग मुद्रा माँगता है।
scan-merchant-inactive = यह दुकान अभी भुगतान नहीं ले सकती।
scan-wrong-amount = रकम, जैसे 12.50
scan-passcode-missing = आपका पासकोड भुगतान को मंज़ूरी देता है।
paycode-title = भुगतान
paycode-to = आप भुगतान करते हैं
paycode-registered = अपने बैंक में पंजीकृत
paycode-locked = इस बिल के लिए दुकान ने तय की
paycode-locked-static = कोड में तय
paycode-amount = रकम
paycode-with = इससे
paycode-first = आपने यहाँ पहले भुगतान नहीं किया है। नाम को दुकान के बोर्ड से मिलाएँ।
paycode-pay = { $amount } भुगतान करें
paycode-pay-this = यह रकम भुगतान करें
paycode-paying = भुगतान हो रहा है
paycode-passkey = पासकी से भुगतान करें
mycode-title = यह दुकान को दिखाएँ
mycode-lead = स्कैन होते ही यहाँ दिखेगा कि कितना भुगतान हुआ।
mycode-good-for = मान्य
mycode-label = आपका भुगतान कोड
mycode-text = कोड, शब्दों में
mycode-again = फिर कोड से भुगतान करें
mycode-checking-next = दुकान को भुगतान मिल गया। आपके बैंक से पूछा जा रहा है।
why-code-over = एक मिनट में किसी ने कोड स्कैन नहीं किया।
why-code-over-limit = यह स्क्रीन के कोड की सीमा से ज़्यादा है। टैप करें, या दुकान का कोड स्कैन करें।
why-code-daily-over-limit = यह आज की स्क्रीन-कोड सीमा से ज़्यादा है। टैप करें, या दुकान का कोड स्कैन करें।
why-bill-over = इस बिल का भुगतान पहले ही हो चुका है, या वापस लिया गया है।
expiry-shape = माह / वर्ष
