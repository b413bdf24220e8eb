"""What servers say, in English and German and, where one phrase is enough, in other tongues: data alone.

Each group is a reason and the patterns (regular expressions, without regard to case) that mean it; the first group with a
pattern that fits is the answer, so what is specific stands before what is general. Repetitions are bounded.
"""

from __future__ import annotations

from subscribers.bounces.reasons import Reason

_R = Reason
#: Who lives at an address, as servers call it.
_WHO = (
    r"(?:user|mailbox|mail ?box|account|recipient|address|addressee|alias|person|mail ?drop|customer|subscriber|login|"
    r"local[- ]?part|inbox|destinataire|konto|postfach|benutzer|empfänger|nutzer|adresse|adressat)"
)

PHRASES: tuple[tuple[Reason, tuple[str, ...]], ...] = (
    (
        _R.SENDER_REJECTED,
        (
            r"sender(?:'s)? (?:e-?mail )?(?:address|domain)[^\n]{0,30}(?:reject|denied|invalid|unknown|not |does not|block|verif)",
            r"domain of sender",
            r"unrout(?:e)?able sender",
            r"sender (?:is )?(?:rejected|denied|not allowed|unknown|refused|invalid|ver(?:ify|ification) fail)",
            r"(?:bad|invalid|unknown|unresolvable|non-?existent) (?:sender|return[- ]path|reverse[- ]path|envelope[- ]from)",
            r"(?:envelope[- ]from|return[- ]path|reverse[- ]path|\bmail from:?)[^\n]{0,40}(?:not|invalid|denied|reject|unknown|does)",
            r"(?:sending|send) (?:to/from|from) an address",
            r"not (?:a )?(?:member|subscri)[^\n]{0,60}(?:post|group|list)|(?:permission|allowed|authori[sz]ed|able) to (?:post|send)"
            r"[^\n]{0,40}(?:group|list)",
            r"group you tried to contact",
            r"from address[^\n]{0,40}(?:not|invalid|denied|reject)",
            r"absender(?:adresse|domain)?[^\n]{0,40}(?:abgelehnt|ungültig|unbekannt|gesperrt|nicht)",
        ),
    ),
    (
        _R.BLOCKED,
        (
            r"spamhaus|spamcop|\bsorbs\b|uceprotect|dnsbl|\b(?:dns|rh|r)bl\b|(?:black|block)[- ]?list(?:ed)? by|open relay",
            r"\b(?:your|ihre) (?:ip|server|host|network|netz)|\bip\b[^\n]{0,40}(?:block|reject|denied|listed|reputation|gesperrt|blockiert)",
        ),
    ),
    (
        _R.RELAYING,
        (
            r"relay(?:ing)?[^\n]{0,20}(?:denied|not (?:permitted|allowed)|prohibited|disallowed|refused)",
            r"unable to relay|cannot relay|no relay|not an? (?:open )?relay|relaying[^\n]{0,20}(?:mail )?is not",
            r"not (?:one of )?my (?:local )?(?:domain|host)|rcpthosts|not allowed to relay|relay access",
            r"(?:domain|host)[^\n]{0,30}not (?:served|handled|hosted|local)|weiterleitung[^\n]{0,30}(?:nicht|verweigert)",
        ),
    ),
    (
        _R.AUTHENTICATION,
        (
            r"\bdmarc\b|\bdkim\b(?![-'])|\bspf\b|sender policy framework|sender[- ]?id\b",
            r"unauthenticated (?:e-?)?mail|authentication (?:checks?|results?|information)[^\n]{0,20}fail|not authenticated",
            r"fails? (?:e-?mail )?authentication",
        ),
    ),
    (
        _R.TOO_FAST,
        (
            r"receiving (?:mail|messages) (?:at a rate|too (?:fast|quickly))|rate[- ]?limit|throttl|sending rate|too (?:fast|quickly)",
            r"(?:exceed|over)[^\n]{0,40}\b(?:rate|per (?:hour|minute|day|second))|submission (?:rate|quota)|message rate",
            r"too much mail|excessive (?:mail|volume)|(?:hourly|daily) (?:limit|quota)",
        ),
    ),
    (
        _R.TOO_MANY,
        (
            r"too many (?:concurrent |simultaneous |smtp |open |hosts |recent )?"
            r"(?:connection|recipient|session|message|mail|e-?mail|transaction|rcpt|error|invalid|client|thread|process)",
            r"(?:connection|session)s?[^\n]{0,30}(?:limit|exceeded)|max(?:imum)?[^\n]{0,20}(?:connections|recipients)[^\n]{0,20}exceed",
            r"zu viele (?:verbindungen|empfänger|nachrichten)",
        ),
    ),
    (_R.GREYLISTED, (r"gr[ea]y[- ]?list", r"first time we[^\n]{0,20}see", r"deferred for \d+ (?:sec|min)")),
    (
        _R.MAILBOX_FULL,
        (
            rf"{_WHO}[^\n]{{0,40}}\b(?:is |was |ist |are )?(?:too |almost )?(?:full|voll)\b",
            r"(?:over|exceed\w*|out of|reached|above)[^\n]{0,40}\bquota|quota[^\n]{0,40}(?:exceed|reached|full|violat|over)|overquota",
            r"(?:mailbox|mail ?drop|inbox|account|user|folder)[^\n]{0,50}(?:exceed|over (?:its|the|their)|has reached)[^\n]{0,50}"
            r"(?:size|limit|storage|allocat|space|maximum)",
            r"(?:exceed|over|reached)[^\n]{0,40}(?:mailbox|storage|inbox|disk)[^\n]{0,20}(?:size|limit|space|capacity|allocation|quota)",
            r"(?:not enough|insufficient|no|out of) (?:free |available )?(?:disk|storage|mailbox|mail)[- ]?(?:space|storage|room)?"
            r"[^\n]{0,40}(?:for|in|on) (?:th|user|recip|mail|the|addr)",
            r"disk quota|storage quota|mail ?folder is full|out of (?:disk )?space|would (?:exceed|be over)",
            r"speicherplatz|quota überschritten|postfach[^\n]{0,40}(?:überfüllt|kapazität|überschr)|überfüllt|maximale größe",
            r"boîte[^\n]{0,40}pleine|casella[^\n]{0,40}piena|buz[óo]n[^\n]{0,40}llen[oa]|caixa[^\n]{0,30}cheia",
            r"メールボックス[^\n]{0,10}一杯|ящик[^\n]{0,20}перепол|邮箱[^\n]{0,10}(?:已满|空间)|postvak[^\n]{0,20}vol\b",
        ),
    ),
    (
        _R.TOO_BIG,
        (
            r"(?:message|mail|body|header|attachment|data)[^\n]{0,40}(?:too (?:big|large|long)|exceed[^\n]{0,30}(?:size|limit|maximum))",
            r"(?:maximum|max\.?|fixed|limit)[^\n]{0,20}(?:message |mail )?size|size (?:limit|exceed)|exceeds? (?:the )?size",
            r"nachricht[^\n]{0,30}zu (?:groß|lang)|zu groß",
        ),
    ),
    (
        _R.SUSPENDED,
        (
            rf"{_WHO}[^\n]{{0,60}}(?:is|was|has been|been|are|ist|wurde|temporarily|currently|has) ?[^\n]{{0,20}}"
            r"(?:disabled|suspended|deactivated|inactive|locked|frozen|closed|terminated|discontinued|blocked from receiving|"
            r"not active|dormant|expired|cancel+ed|gesperrt|deaktiviert|inaktiv|stillgelegt|gekündigt)",
            rf"(?:disabled|suspended|deactivated|inactive|locked|frozen|closed|terminated|discontinued|expired|gesperrte[sr]?|"
            rf"deaktivierte[sr]?|inaktive[sr]?) (?:e-?mail )?{_WHO}",
            rf"{_WHO} (?:disabled|suspended|deactivated|inactive|locked|closed|terminated)|not in use|"
            r"(?:disabled|suspended|deactivated) due to|no longer (?:in use|active|on server|in service|accepts? mail)|not accepting (?:mail|messages)",
            r"is (?:currently )?(?:suspended|disabled|inactive|deactivated)|mailbox[^\n]{0,10}(?:disabled|inactive|locked|frozen)",
        ),
    ),
    (
        _R.HAS_MOVED,
        (
            rf"{_WHO}[^\n]{{0,60}}(?:has (?:been )?(?:moved|changed|replaced)|umgezogen|hat sich geändert|has a new)",
            r"new (?:e-?mail )?address is|neue (?:e-?mail-?)?adresse (?:lautet|ist)",
        ),
    ),
    (
        _R.FILTERED,
        (
            r"(?:recipient|user|addressee|account|subscriber|customer)[^\n]{0,40}(?:refuse|does not (?:want|wish|accept)|reject(?:s|ed) (?:your|this|the)|"
            r"has (?:blocked|rejected|refused)|only accept|blocks? )",
            r"only accepts? (?:mail|messages|e-?mails?) from|restricted (?:to|sender|recipient)|because the recipient",
            r"user(?:'s)? (?:settings|preferences|filter)|personal (?:black|block)|mailbox filter",
            r"doesn'?t have a[^\n]{0,30}account",
        ),
    ),
    (
        _R.HOST_UNKNOWN,
        (
            r"(?:unknown|invalid|bad|illegal|no such|non-?existent|unresolvable|unrouteable|unroutable|not a valid) "
            r"(?:destination )?(?:mail |e-?mail )?(?:host|domain|name|mx|system)",
            r"(?:host|domain|system)(?: name)?s?[^\n]{0,80}(?:unknown|not (?:be )?found|does(?:n't| not) exist|not (?:be )?(?:exist|resolve)|"
            r"is (?:not valid|invalid)|non-?existent|not valid)",
            r"\bnxdomain\b|no (?:valid )?(?:mx|a|dns|mail)\b[^\n]{0,20}(?:record|server|exchanger|host|entry)|has no (?:mx|mail|address)",
            r"name or service not known|(?:all relevant|lowest numbered) mx|no address associated|dns error[^\n]{0,60}exist",
            r"domain[^\n]{0,50}(?:existiert nicht|unbekannt|nicht gefunden|nicht auflös)|unbekannte[rn]? (?:host|domain|rechner)",
            r"cannot resolve|can'?t find[^\n]{0,30}(?:host|domain|server)|cannot find[^\n]{0,30}(?:host|domain|server)",
        ),
    ),
    (
        _R.USER_UNKNOWN,
        (
            rf"(?:unknown|no such|invalid|bad|illegal|non-?existent|not a (?:valid|known|local)|undeliverable|unrouteable|unroutable|no|wrong|"
            rf"unbekannte[rns]?|ungültige[rns]?|kein(?:en|e)?|falsche[rns]?) (?:local |virtual |destination |e-?mail |mail |rcpt |final |envelope )?"
            rf"{_WHO}(?: name)?s?\b",
            rf"{_WHO}(?: name)?s?\b[^\n]{{0,90}}(?:unknown|not (?:be |been |currently )?(?:found|exist|known|valid|listed|available|recogni[sz]ed|"
            r"local|here|present|defined|registered|have)|(?:does|do|did)(?:n['’]?t| not) (?:exist|have|appear|match)|doesn['’]t exist|invalid|"
            r"unavailable|no longer|isn['’]t|has left|undeliverable|non-?existent|is not a|unbekannt|existiert nicht|nicht (?:gefunden|bekannt|"
            r"vorhanden|existent|mehr|gültig|zustellbar)|ungültig|gelöscht|deleted|removed)",
            r"(?:couldn'?t|could not|cannot|can'?t|unable to)(?: be)? (?:find|found|resolve|verify|locate|deliver to)[^\n]{0,60}"
            r"(?:user|mailbox|address|recipient|account|person|in[^\n]{0,20}directory)",
            r"not (?:listed|found) in[^\n]{0,40}(?:directory|name ?& ?address|address book|public)|not our customer|no mailbox here|not a customer",
            r"(?:there is|we have|have) no[^\n]{0,30}(?:user|mailbox|account|one|such)|no one (?:here )?(?:by|with)|nobody (?:here|by)|not at this",
            r"user (?:does|is)n['’]?t|address(?:ee)? (?:un)?deliverable|recipnotfound|recipientnotfound|resolver\.adr|unknown to (?:us|this)",
            r"no (?:valid )?(?:recipients?|users?)\b|bad destination",
            r"kein[^\n]{0,20}(?:postfach|benutzer|empfänger|konto)|unter dieser adresse|nicht zugestellt werden, da[^\n]{0,60}(?:nicht|unbekannt)",
            r"(?:destinataire|utilisateur|adresse)[^\n]{0,60}(?:inconnu|n['’]existe|introuvable|invalide)|utente sconosciuto|"
            r"usuario[^\n]{0,30}(?:desconocid|no existe)|indirizzo[^\n]{0,60}(?:inesistente|non (?:esiste|valido))|usu[áa]rio[^\n]{0,30}(?:desconhecid|inexist)",
            r"gebruiker[^\n]{0,30}onbekend|用户不存在|宛先[^\n]{0,20}(?:不明|存在)|пользовател[^\n]{0,30}не (?:найден|существ)",
        ),
    ),
    (
        _R.BLOCKED,
        (
            r"black[- ]?list|block[- ]?list|\b(?:dns|rh|r)bl\b|dnsbl|spamhaus|spamcop|barracuda|\bsorbs\b|\bcbl\b|\bnjabl\b|manitu|uceprotect|proofpoint",
            r"reputation|user complaints|bad (?:host|sender|ip)|open (?:relay|proxy)|\blisted (?:in|by|at|on)\b|banned|bogus helo|"
            r"helo[^\n]{0,40}(?:reject|invalid|denied|require|bad)|ehlo[^\n]{0,40}(?:reject|invalid|denied|bad)",
            r"(?:client|your|sending|source|connecting|originating) ?(?:ip|host|address|server|network|mta|mail server)[^\n]{0,60}"
            r"(?:block|reject|denied|refus|deny|not (?:allowed|welcome|accept)|ban|poor|mismatch|resolv)",
            r"(?:blocked|rejected|refused|denied|blocking)[^\n]{0,50}(?:your )?\b(?:ip|client|host|network|server)\b",
            r"mismatch\w*[^\n]{0,30}(?:client )?ip|\bptr\b|reverse (?:dns|lookup|hostname)|\brdns\b|dynamic (?:ip|address|host)|dial-?up|residential",
            r"no access from|connection (?:rejected|denied)|not allowed to (?:connect|send)|go away|access (?:has been )?restricted|"
            r"temporarily deferred|messages? from[^\n]{0,60}(?:weren['’]t sent|deferred|blocked|rejected)|generic (?:hostname|ptr)|"
            r"mail(?:s)? from[^\n]{0,40}(?:blocked|rejected|refused|not accepted)|email not accepted",
            r"gesperrt|schwarze liste|sperrliste|ihre ip|ihr server",
        ),
    ),
    (
        _R.VIRUS,
        (r"virus|malware|trojan|infected|phishing|dangerous attachment|harmful|schadsoftware|verseucht",),
    ),
    (
        _R.SPAM,
        (
            r"\bspam|unsolicited|junk ?mail|\bbulk\b|\buce\b|content (?:filter|reject|block|score)|looks like|considered|suspicious|"
            r"message (?:content )?(?:was )?(?:rejected|refused|blocked|filtered)|(?:rejected|blocked|refused)[^\n]{0,30}(?:content|filter)|"
            r"(?:header|body|subject|content) (?:pattern|check)|high(?:ly)? probability|bayes|score|als werbung|werbemail|unerwünscht",
        ),
    ),
    (
        _R.POLICY,
        (
            r"polic(?:y|ies)|administrative(?:ly)? (?:prohib|deni|reject)|prohibited|not permitted|against (?:the|our)|violat|header error|"
            r"access denied|not acceptable|local rules|richtlinie|nicht (?:erlaubt|gestattet|zulässig)|unzulässig|verboten",
        ),
    ),
    (
        _R.SECURITY,
        (
            r"not authori[sz]ed|unauthori[sz]ed|authentication (?:required|failed)|must authenticate|permission denied|security|"
            r"starttls|\btls\b|certificate|encryption|encrypted|keine berechtigung|nicht berechtigt|authentifizier",
        ),
    ),
    (_R.NOT_ACCEPT, (r"null ?mx|does not accept (?:mail|e-?mail|messages)|no smtp|smtp[^\n]{0,20}not (?:supported|accepted) here",)),
    (
        _R.EXPIRED,
        (
            r"retry time(?:out)?[^\n]{0,20}exceeded|retry timeout|could not be delivered (?:for|within|in)|(?:delivery|message)[^\n]{0,20}time(?:d)? ?(?:out|expired)|"
            r"expired|too (?:long|old)[^\n]{0,20}(?:queue|retr)|unable to deliver[^\n]{0,40}(?:days|hours)|giving up|for (?:the last |more than )?\d+ (?:day|hour)|"
            r"i['’]ve been trying|delayed|deferred|retry(?:ing)?|connection timed out|timed? ?out|seit \d+ (?:tag|stund)|verzögert|later",
        ),
    ),
    (
        _R.NETWORK,
        (
            r"connection (?:refused|reset|lost|closed|failed|dropped|aborted|was)|(?:could not|couldn'?t|unable to|cannot) (?:connect|establish)|"
            r"no route|unreachable|network|lost connection|hop count|too many hops|loop|dns (?:lookup|query|server|error)|name service error|"
            r"name server|no answer|verbindung|nicht erreichbar|schleife",
        ),
    ),
    (
        _R.SYSTEM_FULL,
        (r"insufficient (?:system )?(?:storage|resources|disk|space)|no space left|disk full|system storage|low on (?:disk|storage)",),
    ),
    (
        _R.MAILER,
        (
            r"mailer error|procmail|maildrop|command (?:died|failed|output)|exit(?:ed)? (?:status|with|code)|\bpipe\b|local mailer|"
            r"delivery agent|filter (?:error|command)|transport (?:error|failed)|can'?t create (?:output|user)",
        ),
    ),
    (_R.SYSTEM, (r"transaction failed",)),
    (
        _R.SYNTAX,
        (
            r"malformed|syntax|illegal (?:char|address|format)|bad (?:address|command|sequence)|unrecognized command|incorrectly constructed|"
            r"parse error|not understood|invalid (?:command|char|syntax|parameter)|syntaxfehler",
        ),
    ),
    (
        _R.CONTENT,
        (
            r"(?:duplicate|missing|invalid|bad|improper) (?:header|mime|message|content|date|from)|8-?bit|mime (?:error|header|type)|"
            r"line (?:too long|length)|bare (?:lf|cr|linefeed|newline)|rfc ?(?:28|53|8)22|encoding|attachment|format error|content[^\n]{0,20}reject",
        ),
    ),
    (
        _R.SYSTEM,
        (
            r"system error|(?:local|internal|server|temporary|configuration|unexpected|protocol|remote)[^\n]{0,20}(?:error|failure|problem)|service (?:is )?"
            r"(?:unavailable|not available)|not available|resources|misconfig|config|out of memory|i/o error|systemfehler|serverfehler|interner fehler",
        ),
    ),
)
