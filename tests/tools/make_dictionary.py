"""Make sync/data/dictionary-1, the preset dictionary of codec 1. Run once; the result never changes.

    python -m tests.tools.make_dictionary NUMBER

It holds what a small batch would otherwise have to spell out: words of the trade in UTF-16 (as the
wide section writes them), then kinds, acts, fields and fixed values as the control section writes
them. Deflate reaches back most cheaply to what is nearest, so the commonest come last. A better
dictionary gets the next number, and readers keep every one there ever was.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from shared import lifecycle
from shared.kinds import EVIDENCE_LEVELS, KINDS
from shared.sample import sample_catalogue

TARGET = Path(__file__).parents[2] / "sync" / "data"
SIZE_MAX = 32 << 10

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶"
GIVEN = "伟芳秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华玉珍凤海燕建国春梅文清志德福贵生荣光树根银花菊香莲美琴云"
PLACES = "村委会 居委会 街道 社区 便民服务中心 便民服务站 代办点 县城 乡镇 镇 乡 村 组 号 幢 单元 室 路 街 巷 桥 山 坝 湾 沟 坪 岭 溪 寨 庄 塘 垭 堡 河 石 龙 白云 新 老 大 小 上 下 东 西 南 北"
PAPERS = "居民身份证 户口簿 户口本 复印件 原件 照片 申请表 登记表 委托书 授权委托书 承诺书 证明 诊断证明 出院小结 发票 费用清单 银行卡 存折 社会保障卡 社保卡 医保卡 残疾人证 结婚证 离婚证 出生医学证明 死亡证明 土地承包合同 不动产权证 宅基地使用证 营业执照 毕业证 驾驶证 低保证 老年优待证 现场照片 收入证明 亲属关系证明 居住证 介绍信 公示 签字 盖章 手印 骑缝章"
MATTERS = "城乡居民基本医疗保险 城乡居民基本养老保险 医疗保险 养老保险 养老金 参保登记 参保缴费 资格认证 养老资格认证 待遇申领 异地就医备案 门诊慢性病 大病保险 医疗救助 临时救助 最低生活保障 低保 特困供养 五保 高龄津贴 残疾人两项补贴 困难残疾人生活补贴 重度残疾人护理补贴 残疾评定 孤儿 留守儿童 计划生育 独生子女 奖励扶助 生育登记 出生登记 死亡登记 户口迁移 户口登记 姓名变更 身份证换领 就业登记 失业登记 创业担保贷款 农机购置补贴 耕地地力保护补贴 农业保险 理赔 危房改造 宅基地 建房 土地承包 林木采伐 林权 山林 公益林 退耕还林 种粮补贴 良种补贴 雨露计划 助学贷款 教育资助 学籍 退役军人 优待抚恤 烈属 法律援助 人民调解 矛盾纠纷 信访 食品经营 小作坊 个体工商户 水电开户 用水报装 用电报装 燃气 宽带 有线电视 道路 路灯 饮水 垃圾清运 污水 噪声 占道 补贴未到账 养殖污染"
TALK = "咨询 代办 办件 投诉 预约 评价 登记 受理 不予受理 补正 办结 送达 转办 答复 回复 核查 核实 审核 审批 审查 公示 现场 上门 窗口 电话 微信 短信 网上办理 村级代办 帮办 全程代办 一次性告知 当场办结 即办件 承诺件 材料齐全 材料不全 缺少 补交 退回 撤回 作废 更正 延期 特别程序 催办 督办 回访 满意 基本满意 不满意 非常满意 非常不满意 态度 效率 推诿 群众 老人 老年人 残疾人 本人 家属 父亲 母亲 儿子 女儿 丈夫 妻子 孙子 亲戚 邻居 子女 户主 监护人 代理人 委托人 村民 村干部 村支书 村主任 组长 网格员 代办员 工作人员 医生 老师 外出务工 在外打工 行动不便 不识字 听力不好 卧病在床 住院 出院 手术 药费 报销 报销比例 起付线 封顶线 缴费 欠费 补缴 到账 未到账 没有到账 发放 停发 补发 标准 金额 元 万元 每月 每年 今年 去年 明年 上个月 下个月 本月 昨天 今天 明天 上午 下午 星期 工作日 周一 春节 赶场 赶集 已经 还没有 没有 不能 可以 需要 应当 希望 要求 请求 请 尽快 帮忙 办理 申请 申报 提交 提供 携带 带上 准备 填写 填报 领取 打印 复印 拍照 上传 查询 系统 显示 异常 失败 错误 不一致 不符 不对 姓名 性别 出生日期 身份证号 联系电话 手机号 家庭住址 户籍 现住址 银行账号 开户行 关系 备注 说明 情况 原因 问题 反映 意见 建议 结果 依据 政策 文件 规定 条件 符合 不符合 流程 时间 地点 期限 县医保局 县人社局 县民政局 县公安局 派出所 县农业农村局 县自然资源局 县卫健局 县残联 县教育局 县住建局 县水利局 县交通局 供电所 自来水厂 信用社 农商银行 卫生院 县医院 中心校 司法所 林业站 镇政府 乡政府 医疗保障局 人力资源和社会保障局 民政局 自然资源局 因为 所以 但是 如果 或者 以及 其中 进行 通过 关于 对于 按照 根据 同意 不同意 收到 转交 签收 完好 缺页 数量 份 张 本 次 人 户 亩 公里 平方米 头 只 棵 的 了 在 是 有 和 与 不 未 已 由 向 从 到 为 也 就 还 要 去 来 说 被 把 给 后 前 家里 家中 自己 什么 怎么 多少 哪里 是否 能否"
MARKS = "，。；：、？！（）「」《》“”…—·"
FIXED = "agent: staff: citizen system s0001 510322 county village township yes no true false read seen photo stated 1 2 3 11 13 15 18 19 20 2024- 2025- 2026- -01- -02- -03- -04- -05- -06- -07- -08- -09- -10- -11- -12- BM-YB- BM-MZ- BM-RS- BM-"


def wide_words() -> str:
    """Return the words of the trade, each once, the commonest last."""
    labels = [field.label for kind in KINDS.values() for field in kind.fields.values()]
    states = [state for kind in KINDS for state in lifecycle.states_of(kind)]
    groups = [[item.name for item in sample_catalogue().items], labels, states]
    groups += [words.split() for words in (PLACES, PAPERS, MATTERS, TALK)]
    words = dict.fromkeys(word for group in groups for word in group)
    return SURNAMES + GIVEN + "".join(words) + MARKS


def control_words() -> bytes:
    """Return kinds, acts, fields and fixed values as MessagePack text."""
    acts = [act for kind in KINDS for act in lifecycle.acts_of(kind)]
    fields = [name for kind in KINDS.values() for name in kind.fields]
    words = dict.fromkeys([*FIXED.split(), *acts, *KINDS, *fields, *EVIDENCE_LEVELS, "evidence"])
    return b"".join(map(msgspec.msgpack.encode, words))


def main() -> None:
    """Write the dictionary; refuse to touch one that is there."""
    dictionary = wide_words().encode("utf-16-be") + control_words()
    if len(dictionary) > SIZE_MAX:
        raise SystemExit(f"{len(dictionary)} bytes, more than {SIZE_MAX}")
    target = TARGET / f"dictionary-{int(sys.argv[1])}"
    with target.open("xb") as file:
        file.write(dictionary)


if __name__ == "__main__":
    main()
