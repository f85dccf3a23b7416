# सैंडबॉक्स के परीक्षण मोड के पन्ने हिन्दी में क्या कहते हैं।
test-clock = घड़ी
test-faults = गड़बड़ियाँ
test-clock-lead = इस सैंडबॉक्स का हर पक्ष इसी एक घड़ी से समय लेता है। इसे आगे बढ़ाया जा सकता है, पीछे कभी नहीं।
test-shows = दिखाया समय, UTC
test-state = स्थिति
test-ahead = मशीन से आगे
test-running = चल रही है
test-frozen = रुकी हुई है
test-real = बिलकुल नहीं
test-behind = { $span } पीछे
test-ahead-by = { $span }
test-freeze = रोकें
test-freeze-next = बढ़ाए जाने या फिर चलाए जाने तक घड़ी रुकी रहेगी। तारों पर इंतज़ार चलता रहेगा।
test-resume = फिर चलाएँ
test-resume-next = घड़ी जहाँ रुकी है, वहीं से फिर चलेगी।
test-advance = आगे बढ़ाएँ
test-advance-by = कितना आगे
test-advance-hint = जैसे 90m, 12h, 30d या 1d12h। बीच में जो करना होगा, वह अपने समय पर और क्रम से होगा।
test-goto = किसी समय पर जाएँ
test-goto-to = समय, UTC
test-goto-hint = जैसे 2027-01-31 या 2027-01-31T09:30:00Z; “now” मशीन का अपना समय है।
test-waiting = समय हो गया, काम बाक़ी
test-none-waiting = जिसका समय हो चुका था, वह सब हो गया।
test-faults-lead = गड़बड़ी इस सैंडबॉक्स के तारों पर असली संदेशों को लगती है, जब तक उसे बंद न किया जाए या सैंडबॉक्स न रुके।
test-none-on = सब तार ठीक हैं।
test-add = गड़बड़ी जोड़ें
test-leg = कहाँ
test-leg-all = सभी बैंक
test-what = क्या होता है
test-what-hint = latency=20s, drop, duplicate, reorder, corrupt, answer=96 या partial; फिर चाहें तो p=0.3, on=answers, seed=7
test-switch-off = बंद करें
test-switch-off-all = सब बंद करें
test-column-leg = कहाँ
test-column-struck = कितने संदेशों को लगी
test-wrong-span = यह कोई अवधि नहीं: 90m, 12h, 30d या 1d12h लिखें, ज़्यादा से ज़्यादा दस साल।
test-wrong-moment = यह कोई समय नहीं: 2027-01-31 या 2027-01-31T09:30:00Z लिखें।
test-backwards = समय पीछे नहीं जाता: घड़ी पहले से बाद का समय दिखा रही है।
test-too-far = घड़ी साल 2098 से आगे नहीं जाती।
test-not-kept = घड़ी की फ़ाइल लिखी नहीं जा सकी, इसलिए घड़ी नहीं बढ़ाई गई।
test-wrong-fault = यह कोई गड़बड़ी नहीं: { $why }।
test-banner-moved = घड़ी बढ़ाई गई है और { $now } दिखा रही है
test-banner-frozen = घड़ी { $now } पर रुकी है
test-banner-faults = { $count ->
    [one] तारों पर एक गड़बड़ी है
   *[other] तारों पर { $count } गड़बड़ियाँ हैं
}
test-span-days = { $count ->
    [one] 1 दिन
   *[other] { $count } दिन
}
test-span-hours = { $count ->
    [one] 1 घंटा
   *[other] { $count } घंटे
}
test-span-minutes = { $count ->
    [one] 1 मिनट
   *[other] { $count } मिनट
}
test-span-seconds = { $count ->
    [one] 1 सेकंड
   *[other] { $count } सेकंड
}
