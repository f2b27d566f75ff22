# The operator's slot for political terms.
#
# This project ships no list of political terms: what is sensitive differs by place and changes by the week, and a public
# list would be wrong and a liability. Rules about calls to action and about the subject as such stand in 10-chinese.lex
# and 20-english.lex. Put your own terms into a file of your own (JIEGENG_SAFETY_WORDS, or Filter.load(extra=...)), in
# this form:
#
# [block political]
# term one | term two
# [review political way=out]
# a term that a human should look at
