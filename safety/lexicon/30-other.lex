# Crisis, insult and threat words in Japanese, Korean and Spanish: short lists, so that nothing gross slips through.

[block insult]
死ね | しね | 死ねよ | 殺すぞ | ぶっ殺す | くたばれ | クズ野郎 | きもいブス | ブス死ね | 消えろカス | カス野郎 | ゴミ人間 | 池沼 | ガイジ | キチガイ | 知恵遅れ !allow 必死ね | しねえ | もしね | おいしね | たのしね | うれしね | よろしね | しねば | しねま | 優しね | 楽しね | 美味しね
시발 | 씨발 | 씨발놈 | 개새끼 | 병신 | 지랄 | 좆같 | 미친년 | 미친놈 | 꺼져 | 닥쳐 | 존나 못생 | 느금마 | 니애미 | 애미뒤진 | 쓰레기같은 | 찐따 | 한남충 | 김치녀 | 장애인같 | 틀딱 | 짱깨 | 쪽바리 !allow 시발점 | 출시발표
hijo de puta | hija de puta | hijos de puta | puta madre | vete a la mierda | que te jodan | eres una mierda | eres un idiota | eres una idiota | eres imbecil | eres un imbecil | eres un inutil | eres una inutil | maricon | maricones | puto asco | malnacido | gilipollas | subnormal | zorra asquerosa | puta barata | cabron de mierda | pedazo de mierda | das asco | sudaca de mierda | negro de mierda | moro de mierda | te voy a matar | te voy a partir | te voy a reventar | se donde vives !allow de puta madre
[block self_harm way=out]
自殺しろ | 自殺すれば | 首吊れ | 飛び降りろ | 死んだほうがいい | 死んだ方がいい | 生きてる価値ない | 生きる価値がない | 誰も必要としてない | 早く死んで
자살해 | 뒤져라 | 뒈져 | 죽어버려 | 나가 죽어 | 목매달 | 살 가치가 없 | 죽는 게 나아 | 그냥 죽어
matate | suicidate | muerete | ojala te mueras | ojala mueras | cortate las venas | nadie te necesita | el mundo estaria mejor sin ti | no mereces vivir | tirate por | ahorcate | mejor muerto | mejor muerta
[block violence]
殺してやる | 殺してやろうか | 爆破してやる | 家に火をつけ | 刺してやる
죽여버린다 | 죽여버리겠 | 죽일 거야 | 칼로 찌르 | 불질러 버리 | 찾아가서 죽
te mato | os mato | voy a matarte | quemar tu casa | quemare tu casa | te parto la cara | te rompo la cara | te rompo las piernas !allow te mato a besos | te mato el bicho
[block sexual]
セックスしよう | ヤらせて | 裸の写真送って | 裸見せて | おっぱい見せて | エロ画像 | 援交 | パパ活募集 | ちんこ | まんこ
섹스하자 | 야동 | 벗은 사진 | 가슴 보여줘 | 조건만남 | 자지 | 보지 보여
manda nudes | fotos desnuda | mandame fotos sin ropa | quieres follar | follar conmigo | chupame la | ensename las tetas | sexo gratis | video porno !allow 자지러
[review insult way=out]
ブス | デブ | キモい | バカじゃないの | 頭おかしい | うざい | 黙れ | ハゲ !allow ハゲタカ | デブ猫 | デブねこ
못생겼 | 뚱뚱하 | 바보냐 | 한심하 | 재수없 | 역겹
eres fea | eres feo | estas gorda | estas gordo | que fea | callate | eres tonto | eres tonta | que asco das | nadie te pregunto | pareces tonto
[review outcome way=out]
絶対受かる | 必ず合格 | 絶対合格 | 絶対治る | 必ず治る | 絶対戻ってくる
무조건 합격 | 반드시 합격 | 꼭 낫는다 | 무조건 붙어
seguro que apruebas | vas a aprobar seguro | te vas a curar seguro | va a volver contigo | nunca va a volver
[review human_claim way=out]
私は人間です | ボットじゃない | 本物の人間
저는 사람입니다 | 봇이 아니에요 | 진짜 사람
soy humano | soy humana | no soy un bot | soy una persona real
[block leak way=out]
システムプロンプト | 私の指示は | 시스템 프롬프트 | 나의 지시사항 | mi prompt de sistema | mis instrucciones son | prompt del sistema

[review crisis way=in]
死にたい | 消えたい | 自殺したい | もう生きたくない | 죽고 싶어 | 죽고싶다 | 자살하고 싶 | 살기 싫어 | quiero morir | quiero morirme | no quiero vivir | quiero suicidarme | me quiero matar

# ---------------------------------------------------------------- more of the same, grown with tests/safety/languages.tsv
[review crisis way=in]
生きていたくない | 生きたくない | 死ぬつもり | 死のうと思 | 消えてしまいたい | 飛び降りたい | 遺書を書い | リストカット | 首を吊り | 死んでしまいたい | 自殺しよう | 自殺を考え | 楽になりたい | 生きるのがつらい | 殴られてい | 暴力を振るわれ | 虐待され
살기 싫다 | 살기 싫어 | 살고 싶지 않 | 자살하고싶 | 자살할 | 죽을 거야 | 죽어버리고 싶 | 유서를 | 손목을 그었 | 손목을 긋 | 뛰어내리고 싶 | 사라지고 싶 | 살기싫 | 죽는 게 나을 | 자해 | 때려요 도와 | 맞고 있어요 | 학대당
ya no quiero vivir | suicidarme | me quiero suicidar | voy a matarme | quitarme la vida | acabar con mi vida | carta de despedida | me corto las | cortarme las venas | quiero desaparecer | tirarme del | tirarme por | ahorcarme | no aguanto mas vivir | me pega, ayuda | mi padre me pega | mi marido me pega | abusan de mi
[block insult way=out]
みたいな無能 | 無能が | 二度と来るな | 来るな、カス | お前はバカ | お前はアホ | お前なんか | クズが | このクズ | きもい、消え | キモいんだよ | 消え失せろ | 黙れクズ | 死にぞこない | ゴミみたいな人間 | バカ野郎 | アホ面 | 頭おかしいんじゃない | 引っ込んでろ | 失せろ | ブスは
쓸모없는 인간 | 쓸모없는 놈 | 이 새끼 | 새끼야 | 불질러 | 개새끼야 | 병신아 | 멍청이 | 멍청하다 | 멍청한 놈 | 바보 같은 놈 | 쓰레기 같은 | 못생긴 게 | 나대네 | 미친놈아 | 너 같은 건 | 한심한 놈 | 찌질이 | 돌대가리 | 꼴값 | 재수 없는 놈 | 썅년 | 씨발년 | 닥쳐라 | 염병할
imbecil | eres una basura | eres basura | maldito perdedor | maldita perdedora | pedazo de idiota | nadie te quiere | que asco das | das pena | eres patetico | eres patetica | estupido de mierda | callate, | inutil de mierda | eres un inutil | gorda asquerosa | muerto de hambre | cara de culo | no vales nada | no sirves para nada | eres un fracasado | eres una fracasada | payaso de mierda | lameculos | rata inmunda !allow nadie te quiere mas
