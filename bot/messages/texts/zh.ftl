# 在 Slack 中显示的中文文字。格式为 Fluent：https://projectfluent.org
# 星号之间的文字在 Slack 中加粗，反引号之间的文字为代码。命令照原样输入。
# { "{ago}" } 等由 Slack 按每位读者的时区和语言填写。

### 任务状态：名称；.turn：由谁处理、做什么、在哪里；.next：下一步

-with-metastudio = MetaStudio 处理中，您无需操作。

state-CREATING = 创建中，等待上传语料
    .turn = *需要您处理：请在 { $console }中上传语料并提交任务*
    .next = 系统审核
state-SYSTEM_AUDITING = 系统审核中
    .turn = { -with-metastudio }
    .next = 人工审核
state-AUDITING = 人工审核中
    .turn = { -with-metastudio }通常需要一个工作日。
    .next = 训练准备
state-WAITING_SPLIT = 等待切割
    .turn = { -with-metastudio }
    .next = 切割
state-SPLITTING = 切割中
    .turn = { -with-metastudio }
    .next = 标注
state-SPLIT_FAILED = 切割失败
    .turn = *可能需要您处理：请在 { $console }中查看任务*
state-ANNOTATING = 标注中
    .turn = { -with-metastudio }
    .next = 等待训练
state-WAITING = 等待训练
    .turn = { -with-metastudio }
    .next = 训练
state-PROCESSING = 任务训练中
    .turn = { -with-metastudio }
    .next = 审核结果
state-RESULT_REVIEW = MetaStudio 正在审核结果
    .turn = { -with-metastudio }
    .next = 上传模型
state-USER_RESULT_REVIEW = 待用户审核
    .turn = *需要您处理：请在 { $console }中试听结果，然后通过或驳回*
    .next = 上传模型
state-USER_REVIEW_REJECT = 用户驳回，重新制作中
    .turn = { -with-metastudio }
    .next = 新的结果
state-AUDIT_FAILED = 审核失败，等待重传语料
    .turn = *需要您处理：请在 { $console }中重新上传语料并再次提交*
    .next = 审核
state-UPLOADING = 模型上传中
    .turn = { -with-metastudio }
    .next = 声音可用
state-SUCCEED = 成功
    .turn = 已完成。声音在 { $console }的“我的创作”中。
state-FAILED = 失败
    .turn = *需要您处理：请排除原因后在 { $console }中新建任务，或联系华为云技术支持*
state-gone = 已删除
    .turn = 您无需操作；如系误删，请在 { $console }中新建任务。
state-unknown = 未知状态
    .turn = *可能需要您处理：请在 { $console }中查看任务*
state-none = 未提供状态
    .turn = *可能需要您处理：请在 { $console }中查看任务*

state-times = { $state }（第 { $times } 次）
state-times-many = { $state }（多次）
state-again = { $state }（再次）
path-rest = ……

step-1 = 上传
step-2 = 系统审核
step-3 = 人工审核
step-4 = 准备
step-5 = 训练
step-6 = 审核结果
step-7 = 上传模型
step-8 = 完成

### 卡片

console = MetaStudio 控制台
console-link = <{ $url }|MetaStudio 控制台>
no-name = 未命名的声音
card-state = *{ $state }* · { $since }
card-state-only = *{ $state }*
card-step = { $bar } 第 { $step }/{ $steps } 步 · 下一步：{ $next }
card-followed = 本频道已订阅。
card-followed-direct = 您已订阅。
card-stopped = { $person } 已取消订阅。
card-over = 任务已结束，通知已停止。
card-ended = 通知已停止。
cause = “{ $reason }”（{ $code }）
cause-reason = “{ $reason }”
cause-code = 错误码：{ $code }
since = { "{ago}" }
checked = 查询时间：{ "{date_short_pretty} {time}" }
named-card = { $voice } · 任务 { $job } · { $said }
named = { $voice }：{ $said }
full-stop = 。
between-sentences = { "" }

### 状态变化

notice = *{ $voice }* · { $path }
notice-next = 下一步：{ $next }。
in-words = “{ $voice }”：{ $state } · 任务 { $job }

### 按钮与对话框

button-subscribe = 订阅
button-tell-me = 通知我
button-refresh = 刷新
button-console = 打开控制台
button-unsubscribe = 取消订阅
button-try-again = 重试
button-show = 查看
button-details = 详情
button-why = 原因
button-take = 我来处理
button-release = 不再处理
button-take-over = 接手处理
button-show-waiting = 查看全部待办
later-tomorrow = 稍后提醒：明天
later-in_two_days = 稍后提醒：两天后
later-next_monday = 稍后提醒：下周一
button-all = 全部变化
button-important = 仅重要变化
button-more = 更多
button-language-en = English
button-language-zh = 中文
button-back = 返回
back-about = 返回任务列表
button-start = 回到开头
button-about = { $button }：{ $voice }
stop-title = 停止接收“{ $voice }”的通知？
stop-here = 本频道将不再收到该任务的消息。
stop-there = 该频道将不再收到该任务的消息。
stop-direct = 您将不再收到该任务的消息。
stop-yes = 停止通知
stop-no = 保留订阅

### 谁在处理，以及提醒

claimed = { $person } 正在处理 · { $since }
put-off = 下次提醒：{ $when }
for-people = 请关注： { $people }
you-have-it = :raising_hand: “{ $voice }”由您处理。
you-have-it-reminders = 在任务等待期间，只提醒您本人。
other-has-it = { $person } 已在处理“{ $voice }” · { $since }。
released = :white_check_mark: 现在无人处理“{ $voice }”，将重新提醒频道。
nobody-has-it = “{ $voice }”目前无人处理，无需取消。
was-put-off = :white_check_mark: “{ $voice }”：如无变化，将于 { $when } 再次提醒。
not-reminded = 此处没有该任务的提醒，无需推迟。
moved-on = 此消息属于之前的步骤。“{ $voice }”当前状态：{ $state }。
reminder = *{ $voice }* · 仍在等待处理：{ $state }
reminder-several = { $total } 个任务仍在等待您的团队处理
reminder-yours = 您负责的 { $total } 个任务仍在等待处理
bold = *{ $said }*

### 批量订阅及其看板

wide-project = 项目的全部任务
wide-batch = 批次“{ $name }”
wide-tag = 用途“{ $name }”
board-reading = :hourglass_flowing_sand: 正在读取任务列表……
board-waiting = { $total } 个任务等待您的团队处理
board-none-waits = 没有等待您的团队处理的任务
board-in-work = 进行中 { $total } 个
board-done = 已完成 { $total } 个
board-failed = 失败 { $total } 个
board-more = ……另有 { $more } 个
board-level-all = 每个任务出现和变化时都会在此发布。
board-level-important = 仅当任务需要您处理或失败时才在此发布。
stop-board = 本频道将不再收到这些任务的消息。
wide-subscribed = :white_check_mark: 已订阅：{ $name }。上方看板显示进展，新任务会自动加入。
wide-already = 已订阅过：{ $name }。{ $level }
wide-changed = :white_check_mark: { $name }：{ $level }
wide-stopped = :white_check_mark: 已取消订阅：{ $name }。如需重新订阅： { $command }
wide-not-followed = 此处未订阅：{ $name }。可用 { $command } 查看已订阅的内容。
wide-later = :hourglass_flowing_sand: 已订阅：{ $name }。看板暂时无法发布，稍后会自动发布。
digest = { $total } 个任务需要您的团队处理
digest-changed = { $total } 个任务有变化

### 订阅任务

level-all = 每次变化都会在此通知
level-important = 仅在需要您处理或任务结束时在此通知
level-all-direct = 每次变化都会通知您
level-important-direct = 仅在需要您处理或任务结束时通知您
subscribed = :white_check_mark: 已订阅“{ $voice }”。{ $level }。如需停止，请使用卡片上的按钮。
subscribed-direct = :white_check_mark: 已为您订阅“{ $voice }”，通知将以私信发给您。{ $level }。如需停止，请使用私信中卡片上的按钮。
already = { $channel } 已订阅“{ $voice }”。{ $level }。
already-direct = 您已订阅“{ $voice }”。{ $level }。
level-changed = :white_check_mark: “{ $voice }”：{ $level }。
already-over = 该任务已结束，无需订阅。
kept = 之后即可订阅“{ $voice }”。
later = :hourglass_flowing_sand: 已订阅“{ $voice }”。卡片暂时无法发送，稍后会自动发送。
stopped = :white_check_mark: 已停止“{ $voice }”的通知。如需重新订阅，请输入 { $command }
not-followed = 任务 { $job } 未在此处订阅。输入 { $command } 可查看已订阅的任务。
not-followed-direct = 任务 { $job } 不在您自己的订阅中。如需订阅，请输入 { $command }
not-in-direct = :warning: 我无法在用户之间的私信中发消息。请在频道中订阅；如需为自己订阅，请输入 { $command }
outsider = 只有我所在工作区的成员可以使用我的命令和按钮。请让本频道中的一位该工作区成员代您操作。
no-channel = 我无法判断这是哪个频道。请在该频道中输入命令。
old-button = 此按钮来自旧版本。输入 { $command } 可显示新的卡片。
unknown-command = 没有 { $name } 这个命令。输入 { $command } 可查看用法。
unknown-request = 此操作已不再支持。输入 { $command } 可查看用法。

### 频道的订阅列表

list-none = 本频道尚未订阅任务。如需订阅，请输入 { $command }
list-none-direct = 您尚未在此订阅任务。如需订阅，请输入 { $command }
list-head = 本频道订阅了 { $total } 个任务
list-head-direct = 您在此订阅了 { $total } 个任务
list-page = { $head }：第 { $first } 至 { $last } 个
list-row = *{ $voice }* · { $state } · { $since }
list-row-only = *{ $voice }* · { $state }
list-by = 由 { $person } 订阅
list-unchecked = 启动后尚未查询
list-all = 全部变化
list-important = 仅重要变化
list-paused = { $said } · 已暂停
not-checked = :warning: 我目前无法连接 MetaStudio，以下信息可能已过时。我会继续尝试。

### 暂停

paused = :warning: *通知已暂停* · { $channel }：{ $reason }
paused-direct = :warning: *私信通知已暂停* · { $reason }
paused-safe = 消息不会丢失。
paused-now = “{ $voice }”：{ $state }
paused-in-list = :warning: *已暂停* · { $reason }{ $advice }{ $again }。
next-try = 下次尝试：{ "{date_short_pretty} {time}" }
pause-over = :white_check_mark: 我又可以在 { $channel } 发消息了；“{ $voice }”的通知会继续。
pause-over-direct = :white_check_mark: 我又可以给您发消息了；“{ $voice }”的通知会继续。
pause-ended = :white_check_mark: “{ $voice }”在 { $channel } 的通知已停止，无需再操作。
pause-ended-direct = :white_check_mark: “{ $voice }”的通知已停止，无需再操作。
not-here-yet = 我还不在本频道中。
not-direct = 我无法给您发私信。

reason-not_in_channel = 我已不在该频道中。
reason-channel_not_found = 我已不在该频道中，或者该频道已不存在。
reason-is_archived = 该频道已归档。
reason-is_inactive = 该频道已停用。
reason-no_permission = 我没有发消息的权限。
reason-posting_to_channel_denied = 我没有发消息的权限。
reason-ekm_access_denied = 贵组织的加密设置不允许我发消息。
reason-messages_tab_disabled = Slack 应用的设置中已关闭“消息”标签页。
reason-cannot_dm_bot = Slack 不允许机器人给另一个机器人发消息。
reason-user_not_found = 该用户已不存在。
reason-user_not_visible = 我没有查看该用户的权限。
reason-user_disabled = 该用户的账号已停用。
reason-direct = Slack 不允许我与您建立私信。
reason-restricted = 工作区的规则不允许我发消息。
reason-malformed = Slack 无法识别我的消息，这是我的问题。
reason-none = Slack 拒绝了我的消息。

advice-invite-here = 请输入 { $invite } 并点击“重试”。
advice-invite = 请在该频道中输入 { $invite } 并点击“重试”。
advice-archived = 请在其他频道中订阅，或取消归档该频道后点击“重试”。
advice-malformed = 请告知管理员；问题解决后点击“重试”。
advice-ask = 请联系工作区管理员开放发消息的权限，然后点击“重试”；或在其他频道中订阅。
advice-direct = 请联系工作区管理员开放权限，然后点击“重试”；或在频道中订阅。
slack-code = Slack 返回 { $code }

### 帮助与输入错误

help-look-up = *查询*
help-card = { $command } 查看任务的状态、由谁处理、下一步
help-details = { $command } 查看未通过或失败的原因，以及历史
help-waiting = { $command } 查看所有等待处理的任务
help-recent = { $command } 查看最近变化的任务
help-follow = *订阅*
help-subscribe = { $command } 需要您处理或任务结束时在此通知
help-all = { $command } 每次变化都在此通知
help-mention = { $command } 在需要处理时提及成员，也可以是用户组
help-wide = { $command } 用一个看板关注批次中的全部任务；也可输入“项目”，或“标签”加标签名
help-me = { $command } 只以私信通知您
help-unsubscribe = { $command } 停止通知
help-manage = *管理*
help-list = { $command } 查看本频道的订阅；加 { $mine } 查看您自己的
help-status = { $command } 查看我能否连接 MetaStudio 和本频道
help-language = { $command } 设置本频道的语言；加上 { $me } 可设置您自己的语言
help-example = 例如 { $command }
help-only-you = 只有您能看到这些回复。命令也可以用中文：帮助、订阅、取消订阅、列表、详情、待办、最近、状态、语言。
help-elsewhere = 任意消息的菜单中都有 `Look up voice job` 一项，可查看消息中提到的任务；我的“主页”标签显示等待处理的任务和您的订阅。
job-id = 任务 ID 或名称
some-name = 名称
some-person = 同事
did-you-mean = 您要输入的是 { $command } 吗？
type-it = 请按 { $command } 的格式输入。
try = 输入 { $command } 可查询任务，输入 { $help } 可查看用法。
looks-like = 任务 ID 通常是 { $example } 这样的格式。输入 { $help } 可查看用法。
reference = 供管理员查询的请求编号 { $request }
with-reference = { $said }（{ $reference }）

### 错误

error-VoiceJobError = 机器人内部出错。管理员可在日志中查看详情。
error-BadUsage = 我无法理解 { $text } 的意思。
error-BadJobId = { $text } 不是有效的任务 ID：任务 ID 最多 64 个字符，只含字母、数字、连字符和下划线。请重新从 MetaStudio 复制。
error-NoJobId = { $text } 中没有任务 ID。
error-SeveralJobIds = { $text } 中有多个任务 ID。我一次只处理一个。
error-BadName = { $text } 过长：名称最多 256 个字符。
error-BadLink = 我无法判断链接 { $text } 指的是哪个任务。请从 MetaStudio 复制任务 ID 本身。
error-OtherChannel = { $text } 是频道名，而我只能为您输入命令时所在的频道订阅：请到要订阅的频道中输入命令，无需写频道名。
error-UnknownLanguage = 我只会英文（ `en` ）和中文（ `zh` ），不会 { $text } 。
error-NoName = { $text } 后面缺少名称。
error-EndsOne = 我一次只取消一个订阅：列表中每个订阅都有各自的按钮。
error-ChannelIsNoJob = { $text } 是频道名，而查询需要指定任务。要在某个频道订阅任务，请到该频道中输入命令。
error-OtherPerson = Slack 没有告诉我 { $text } 是谁。请在输入时从 Slack 的提示列表中选择此人；如果仍然不行，请联系管理员将应用清单更新为最新版本。
error-PersonElsewhere = { $text } 指定了某人。我只在频道通知中提及他人，请在订阅时指定。
error-PersonInPrivate = { $text } 指定了其他人，但我发给您的私信只有您能看到。
error-TooManyPeople = 您指定了 { $text } 个人或用户组，而我最多提及 10 个。请改为指定一个用户组。
error-WholeChannel = 我只提及具体的人，不会像 { $text } 那样通知整个频道。请指定能处理的人或用户组。
error-StoreTrouble = 我目前无法写入磁盘，因此没有任何更改。请稍后重试；管理员可在日志中查看原因。
error-BeingStopped = 我正在重启，暂时无法答复。请一分钟后重试。
error-JobNotFound = 本项目中没有 { $job_id } 这个任务：可能输入有误、任务已删除，或任务属于其他项目或区域。
error-RequestRefused = MetaStudio 不接受 { $job_id } 这个任务 ID。请检查是否有误；如果无误，管理员可在日志中查看 MetaStudio 的错误码。
error-CredentialsRefused = MetaStudio 拒绝了我的凭证，因此我无法查询。这不是您的问题，请联系管理员检查我的密钥或令牌、区域和系统时间。
error-PermissionDenied = MetaStudio 不允许我执行此操作。这不是您的问题，请联系管理员检查我的华为云账号权限。
error-WrongProject = MetaStudio 无法识别我的设置中的项目或地址。这不是您的问题，请联系管理员检查项目 ID、区域和终端节点。
error-Throttled = MetaStudio 正在限制该账号的请求。请一分钟后重试。
error-ServiceDown = MetaStudio 目前出现故障。请几分钟后重试。
error-Unreachable = 我目前无法连接 MetaStudio。请一分钟后重试；如果仍然如此，请联系管理员检查我的网络，以及设置中的区域和终端节点。
error-TimedOut = MetaStudio 响应超时，可能只是暂时繁忙。请一分钟后重试。
error-UnreadableAnswer = 我无法识别 MetaStudio 或中间代理的响应。请一分钟后重试；如果仍然如此，请联系管理员检查我的终端节点和网络。

### 语言

language-name-en = 英文
language-name-zh = 中文
language-here = 我在本频道使用{ $language }。如需更改，请输入 { $command }
language-yours = 我用{ $language }回复您。如需更改，请输入 { $command }
language-set = :white_check_mark: 我今后在本频道使用{ $language }。
language-set-yours = :white_check_mark: 我今后用中文回复您。

### 详情

fact = { $label }：{ $value }
fact-as-code = { $label }： { $value }
fact-created = 创建时间
fact-edition = 版本
fact-language = 原始输入语言
fact-gender = 性别
fact-use = 任务标签
fact-recordings = 语料
fact-times = 该状态出现的次数
fact-batch = 批次名称
fact-asset = 资产 ID
fact-avatar = 形象制作任务
fact-region = 区域
fact-since = 进入该状态的时间
moment = { "{date_short_pretty} {time}" }

edition-BASIC = 基础版（20 句话）
edition-MIDDLE = 进阶版（100 句话）
edition-ADVANCE = 高级版
edition-THIRD_PARTY = 第三方出门问问训练版
edition-THIRD_PARTY_LJZN = 第三方逻辑智能训练版
edition-FLEXUS = Flexus 版
edition-LLM_MAJOR = 大模型中英文版
edition-LLM_MINOR = 大模型中小语种版

gender-FEMALE = 女性
gender-MALE = 男性

speech-CN = 中文
speech-EN = 英文
speech-zh_CN = 中文
speech-en_US = 英文
speech-ESP = 西班牙文
speech-por = 葡萄牙文
speech-fr = 法文

use-ECOMMERCE = 电商
use-NEWS = 新闻
use-MARKETING = 营销
use-LIVE = 直播
use-EDUCATION = 教培
use-CUSTOMER = 客服
use-STORYTELLING = 故事

supply-PACKAGE = 整包上传
supply-SEGMENT = 分句上传

measured = { $actual }（预期：{ $expected }）
measured-badly = { $measured }，“{ $suggestion }”
measure-speed = 语速
measure-sound = 音量
measure-snr = 信噪比
measure-reverb = 混响
measure-dnsmos_ovrl = 整体质量（DNSMOS）
measure-dnsmos_bak = 背景噪声（DNSMOS）

### 失败原因与历史

cause-admin = 人工审核意见：“{ $said }”
cause-admin-silent = 人工审核未通过，审核员未说明原因。
cause-system = 系统审核：{ $faults }
cause-system-silent = 系统审核未通过，未说明原因。
cause-algorithm = 算法侧失败原因：“{ $said }”
cause-more-kinds = { $fault }；另有其他问题
fault-line = { $what }（{ $files }）
between-names = 、
fault-files-more = { $names } 等，另有 { $more } 个
fault-files-unnamed = { $count } 个文件
fault-unknown = 错误 { $code } · “{ $said }”
fault-unknown-message = “{ $said }”
fault-unknown-code = 错误 { $code }
fault-ask = 请在 MetaStudio 控制台中查看，或联系华为云技术支持。

fault-MSS_20020010 = 授权书有问题
    .do = 请检查后重新上传。
fault-MSS_20020011 = 音频格式不正确
    .do = 请转换为控制台要求的格式。
fault-MSS_20020015 = 文本与任务语言不一致
    .do = 请确保文本、语音与语言一致。
fault-MSS_20020016 = 音频与文本文件的数量不符合要求
    .do = 请补齐：每句话需要一个音频和一个文本，共 20 或 100 组。
fault-MSS_20020018 = 音频无法按 WAV 读取
    .do = 请将这些文件转换为 WAV 后重新上传。
fault-MSS_20020022 = 压缩包内文件过多
    .do = 请删除多余的文件。
fault-MSS_20020023 = 压缩包过大
    .do = 请检查其内容并缩小。
fault-MSS_20020024 = 压缩包内有文件过大
    .do = 请检查该文件并缩小。
fault-MSS_20020029 = 音频过短或过长
    .do = 请重新录制这些句子，每句 5 至 15 秒。
fault-MSS_20020030 = 未找到上传的文件
    .do = 请先上传语料，再提交。
fault-MSS_20020031 = 提交的文件与声明的不一致
    .do = 请提交正确的文件。
fault-MSS_20020032 = 无法生成试听音频
    .do = 请重新生成。
fault-MSS_20020033 = 没有样本音频
    .do = 请联系华为云技术支持。
fault-MSS_20020034 = 切割失败
    .do = 请联系华为云技术支持。

details-why = *原因*
details-by-admin = 人工审核未通过
details-by-system = 系统审核未通过
details-by-algorithm = MetaStudio 处理失败
details-ago = { $who }（{ $ago }）
details-said = { $who }：
details-silent = { $who }，未说明原因。
details-no-reason = MetaStudio 未说明原因。请在 { $console }中查看，或联系华为云技术支持。
details-fault = • *{ $what }* ：{ $files }。{ $do }
details-more-faults = • 另有 { $count } 类问题
details-attachment = MetaStudio 附有文件 { $name }，请在 { $console }中打开。
details-measures = *超出范围*
details-measures-passed = 语料审核仍已通过。
details-rules = *重新录制时*
details-old = *以前的审核结果，与最近一次上传无关*
details-history = *历史*
details-left-out = 更早的 { $count } 个步骤已略去。
details-step = { $at } · { $action }
details-step-by = { $at } · { $action }（{ $by }）
details-after = { $step } · 用时 { $span }
details-step-said = { $step } · “{ $said }”
details-facts = *更多*
details-no-audit = MetaStudio 未返回审核结果。
details-no-log = MetaStudio 未返回历史。
details-neither = MetaStudio 既未返回审核结果，也未返回历史。
details-again = 请一分钟后按“刷新”重试。

action-CREATE_JOB = 创建任务
action-COMMIT_JOB = 提交任务
action-SYSTEM_AUDIT_PASS = 系统审核通过
action-ADMIN_AUDIT_PASS = 管理员审核通过
action-AUDIT_NOT_PASS = 审核未通过
action-TRAINING_FINISH = 训练结束
action-UPLOADING_MODEL = 上传语音模型
action-COMPLETE_JOB = 任务完成
operator-USER = 用户
operator-ADMIN = 管理员
operator-SYSTEM = 系统

span-days = { $count } 天
span-hours = { $count } 小时
span-minutes = { $count } 分钟
span-short = 1 分钟以内
span-both = { $larger } { $smaller }

rule-format = 一个长的 WAV 或 MP3 文件，句间停顿 2 至 3 秒；或每句 5 至 15 秒的单个文件；48 kHz；请勿拼接。
rule-text = 所说的内容须与文本完全一致。
rule-speed = 请以均匀、自然的语速朗读。
rule-sound = 与麦克风保持一拳距离，避免爆音。
rule-snr = 请选择更安静的房间。
rule-reverb = 请选择有家具的小房间，避免回声。
rule-again = 每次提交可能会消耗一个资源，控制台会事先提示。

fact-resource = 资源
resource-until = { $name }，有效期至 { $until }

### 按名称查找的任务

hits-several = 有 { $count } 个任务与 { $name } 匹配，请选择：
hits-more = 还有 { $more } 个：请输入更完整的名称，或输入任务 ID。
hits-only-searched = 仅查找了最新的 { $searched } 个任务。如未找到，请输入更完整的名称，或输入任务 ID。
hits-none = 没有 { $name } 这个任务，也没有名称包含它的声音。
hits-none-here = 此处没有订阅 { $name } 。输入 { $command } 可查看已订阅的任务。
hits-searched = 仅查找了最新的 { $searched } 个任务。
hits-nearest = 相近的名称：

### 待处理与最近变化

waiting-head = 有 { $total } 个任务等待处理
waiting-none = 没有任务等待处理，一切顺利。
recent-head = 最近变化的 { $total } 个任务
recent-short = 最近变化
recent-none = 本项目中还没有任务。
overview-more = 还有 { $more } 个，请输入 { $command }
overview-searched = 仅查找了最近变化的 { $searched } 个任务，可能还有其他任务。
as-of = 截至 { "{date_short_pretty} {time}" }
todo-CREATING = 请上传语料并提交任务
todo-AUDIT_FAILED = 请重新上传语料并提交
todo-USER_RESULT_REVIEW = 请试听结果，然后通过或驳回
todo-SPLIT_FAILED = 可能需要您处理：请查看该任务
start-help = { $command } 查看所有用法

### 机器人自身状态

status-version = VoiceJob { $version }
status-metastudio = :white_check_mark: MetaStudio 可以连接。{ $fresh }。
status-fresh = 最近一次正常响应：{ "{date_short_pretty} {time}" }
status-not-yet = 自启动以来，我还没有查询过 MetaStudio。
status-paused = :warning: 我无法在此发布消息（{ $since }）：{ $reason }
status-since = 自 { "{date_short_pretty} {time}" }
status-nothing-here = 此处没有订阅任何任务
status-to-do = 输入 { $command } 可查看处理方法。
status-followed = 此处订阅了 { $count } 个任务
status-delivered = 最近一次发布：{ "{date_short_pretty} {time}" }

mine-none = 您没有订阅任何任务。输入 { $command } 即可订阅。
mine-head = 您订阅了 { $total } 个任务
list-in = 位于 { $channel }
list-in-direct = 位于您与我的私信

### 弹窗与 App Home


home-in-words = 暂时无法显示此页面。输入 { $waiting } 可查看等待处理的任务，输入 { $mine } 可查看您的订阅。
home-refresh = 刷新此页
home-language-button = English：使用英文界面
home-waiting = 等待处理的任务
home-looking = :hourglass_flowing_sand: 正在查询…
home-nothing-waits = 没有任务等待处理，一切顺利。
home-no-waiting = 暂时无法得知有哪些任务等待处理
home-as-of = 截至 { "{date_short_pretty} {time}" }
home-searched = 仅查找了最近变化的任务
home-more = 还有 { $count } 个，请输入 { $command }
home-followed = 您的订阅
home-not-followed = 暂时无法显示您的订阅
home-not-read = 我目前无法从磁盘读取您的订阅。请稍后重试；管理员可在日志中查看原因。
home-follows-nothing = 您还没有订阅任何任务。在频道中输入 { $command } 即可订阅。
home-subscription = { $said } · { $where }
home-where-direct = 您的私信
home-paused = :warning: *已暂停* · { $reason }
home-language = 我用{ $language }给您写消息。

modal-title = 语音训练任务
modal-close = 关闭
modal-none = 这条消息里没有任务 ID，也没有含任务 ID 的链接。输入 { $command } 可按名称查询任务。
modal-looking = :hourglass_flowing_sand: 正在查询 { $count } 个任务…
modal-more = 这条消息还提到了另外 { $count } 个任务，请按任务 ID 查询。

### 演示故事：voicejob demo --once

story-connected = 机器人已通过 { $connection } 连接到本进程中的 Slack 工作区。
story-mistakes = 打错一个字，再输入一个不存在的任务 ID。
story-look-up = 查询一个任务。卡片上有“订阅”按钮。
story-quiet = 任务继续进行。卡片会更新，频道不受打扰。
story-turn = 语料未通过审核。现在需要我们处理，频道收到通知。
story-by-name = 没有人能记住任务 ID：输入“{ $name }”也能找到它。
story-why = 为什么审核失败？点击“{ $button }”就能看到。
story-waiting = 还有哪些任务等待我们处理？
story-again = 新的语料正在审核，卡片随之更新。
story-private = 一个私人频道，机器人不在其中。这里要接收全部变化。
story-invite = 输入 { $invite } 并点击“{ $button }”。
story-stopped = 机器人停止运行。在此期间，每个任务都经过两个状态。
story-started = 机器人重新启动，并通知错过的变化：无论有多少次变化，只发一条消息。
story-success = 新闻声音已完成：再发一条消息，也是最后一条。
story-failure = 有声书任务失败。
story-end = 一切正常。
story-only-you = 仅对您可见
story-channel = { $channel } 现在显示：
story-in-thread = ↳ 回复了消息列：{ $said } ……
story-edited = （已编辑）
story-replies = （消息列中有 { $replies } 条回复）
story-not-in-channel = { $said }（仅在消息列中）
