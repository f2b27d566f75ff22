# Insults as they are written in Cantonese, Wu, Min, Sichuan, Northeastern and other dialects.
[block insult]
冚家铲 | 冚家拎 | 死扑街啦你 | 屌你老母 | 屌你老味 | 丢你老母 | 躝尸趷路 | 死契弟 | 戆鸠 | 傻閪 | 臭閪 | 食屎啦你 | 收皮啦你 | 贱格佬 | 死八婆
侬脑子瓦特 | 脑子瓦特了 | 侬只赤佬 | 侬只戆大 | 侬个戆大 | 死戆大 | 册那娘 | 侬只猪头三 | 乡毋宁
干林娘 | 干恁娘 | 赶羚羊 | 干恁老师 | 干你老师 | 臭机掰 | 臭鸡掰 | 北七啦你
宝批龙 | 日龙包 | 你妈卖批 | 妈卖批 | 瓜批 | 龟儿子 | 砍脑壳的 | 你娃瓜的
瘪犊子 | 虎逼 | 犊子玩意 | 鳖孙 | 兔孙 | 信球货 | 丫挺的 | 孙贼 | 瓜怂 | 闷怂 | 瓷锤货 | 化生子 | 宝批
[review profanity]
哈麻批 | 仆街 | 册那 | 机掰 | 鸡掰 | 先人板板 | 仙人板板
[review profanity way=out]
扑街 | 靠北
