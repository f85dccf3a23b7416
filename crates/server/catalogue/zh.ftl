# 各屏幕的简体中文文字。每个目录的名称相同。
paiza = Paiza
skip = 跳到正文
sandbox-note = { $count ->
   *[other] 本机运行着 { $count } 个参与方。没有真钱，也没有真卡。
}
language = 语言
theme = 主题
theme-system = 跟随系统
theme-light = 浅色
theme-dark = 深色
apply = 应用
start-title = 把手机靠近终端，看这笔钱怎么走。
start-lead = 一笔卡支付的每个参与方都在这里运行，各有自己的密钥、账本和地址。
story-title = 可以试试
story-amount = 在终端输入金额，或用上方的按钮开始一笔支付。
story-tap = 把下面的一张卡加到手机里，再把手机靠近终端的读卡器。
story-see = 打开控制台：它显示这笔交易走过的路径，以及每个参与方得到的内容。链接打印在启动 Paiza 的地方。
story-back = 在终端的“交易”里撤销这笔支付，看冲正如何传递。
start-console = 控制台
start-tap = 在店里开始一笔支付
screen-phone = { $name }，手机
screen-terminal = { $name }，终端
screen-phone-does = 一部有自己密钥的手机。先添加下面的卡，再靠近读卡器。
screen-terminal-does = 一次碰触是几条 APDU，然后是一条 ISO 8583 报文和它的答复。
parties = 参与方
party = 参与方
address = 地址
sees = 能看到什么
party-platform = 令牌服务
party-telephone = 电话网络
party-acquirer = 收单机构
party-network = 卡组织
party-gateway = 令牌网关
party-issuer = { $bank }，银行
party-desk = { $bank }，工作台
sees-token = 令牌
sees-both = 令牌和卡号
sees-card = 卡号
sees-nothing = 都看不到
sees-texts = 短信
try-shell = 在命令行试一试
try-lead = 每一行都是一个独立的参与方，说的是真正的报文。
cards-title = 可以试用的卡
cards-lead = 银行是沙盒银行，卡号是测试卡号。
card-named = { $bank } 卡
lost-title = 手机丢失
lost-link = 手机丢失
lost-lead = 您所有手机上的卡会立即停止支付。需要您设置第一部手机时看到的恢复码。
lost-number = 手机号码
lost-number-hint = 带国家代码，例如 +8613800000001
lost-code = 恢复码
lost-code-hint = 十六位字母和数字
lost-submit = 停用所有卡
lost-done = { $count ->
    [0] 没有需要停用的卡了。
   *[other] { $count } 张卡已停止支付。
}
lost-done-next = 卡仍在原处。有了手机后可在手机上恢复，或咨询您的银行。
lost-failed = 没有办成
lost-failed-next = 号码与恢复码不相符，或尝试次数过多。没有任何改动。请核对两项，或咨询您的银行。
try-again = 再试一次
refused-title = 请求来自别处
refused-next = 什么都没有执行。请用本机自己的地址打开此页面。
styleguide = 样式指南
guide-lead = 屏幕的所有组成部分，两种主题，全部语言。
guide-colour = 颜色
guide-type = 文字
guide-buttons = 按钮
guide-chips = 状态
guide-fields = 输入框
guide-ends = 一块牌子，三种结局
guide-banners = 提示
guide-icons = 图标
guide-art = 卡面
guide-money = 金额
type-money = 金额
type-title = 一句话说明发生了什么
type-heading = 小节标题
type-body = 再用一句话说明钱在哪里，接下来会怎样。
type-label = 输入框上方的标签
type-caption = 第二行，不小于十二像素
button-pay = 支付 { $amount }
button-continue = 继续
button-nothing = 什么都不发送
button-remove = 移除
button-checking = 正在核对…
chip-paid = 已支付
chip-checked = 核对中
chip-not-paid = 未支付
chip-refunded = 已退款
chip-attention = 需要您处理
chip-paused = 已暂停
field-amount = 金额
field-error = 今天最多 { $amount }
end-done = 完整填实：已完成
end-unknown = 虚线：尚不清楚
end-not-done = 断裂：没有发生
end-empty = 轮廓：这里还没有内容
banner-wait = 核对中
banner-wait-next = 周一前完成或退回。您无需操作。
banner-warn = 第一次向这家店付款
banner-warn-next = 请核对柜台上的名称。
banner-bad = 银行没有回应
banner-bad-next = 其他卡可以使用。
banner-ok = 所有账目相符
banner-ok-next = 没有丢失，也没有重复。
art-checking = 核对中
art-paused = 已暂停
art-product = 日常借记卡
art-lying = 在钱包里是一张卡
art-held = 举起来是一块牌子
money-cny = { $majorWords }元{ $minor ->
    [0] { "" }
   *[other] { $minorWords }分
}
money-inr = { $major ->
   *[other] { $majorWords }卢比
}{ $minor ->
    [0] { "" }
   *[other] { $minorWords }派萨
}
money-jpy = { $majorWords }日元{ $minor ->
   *[other] { "" }
}
money-kwd = { $majorWords }第纳尔{ $minor ->
    [0] { "" }
   *[other] { $minorWords }费尔
}
reference-name = Paiza API
reference-menu = 参考文档
reference-back = 起始页
