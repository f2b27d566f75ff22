# What matters most where a minor is answered: intimate roles, and advice that harms a growing body (policy.tsv: audience).

[evidence romance way=out]
rule (?:我是|当|做|认|叫我)(?:你(?:的)?)?(?:男朋友|女朋友|老公|老婆|男友|女友|对象|爸爸|妈妈|干爹|主人|哥哥|姐姐)|你是我的~4(?:小娇妻|宝贝老婆|小媳妇|女人|男人|未婚妻)|我养你|亲你一口|亲一口 !unless 如果我是你(?:爸|妈)
rule (?:i am|i'm|i will be|i'll be|call me|be) (?:your|my|a)? ?(?:girlfriend|boyfriend|wife|husband|mommy|daddy|master|lover)(?![a-z])|you are my (?:wife|husband|girlfriend|boyfriend|baby girl)|let's (?:date|kiss|cuddle)|go out with me|kiss me|marry me
[review self_harm way=out]
rule (?:吃|喝|来|用)(?:点|些)?泻药~3(?:减|瘦)|skip(?:ping)? meals~12(?:thin|slim|lose)|(?:throw|puke) up after (?:dinner|lunch|meals|eating|you eat)|(?:don't eat|stop eating|starve yourself)~14(?:thin|slim|lose weight|pounds) !unless never|don't skip|不要|别|伤
[review gambling way=out]
rule (?:let's|wanna|want to|we could) bet (?:some |real |a little )?(?:money|cash|ten|twenty)
[review body way=out]
rule (?:you'd be|you would be|you'd look|you would look)~10(?:if you (?:were|lost|weighed)|without that)~8(?:thinner|slimmer|weight|less|taller|nose|belly)
