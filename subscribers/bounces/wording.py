"""What subjects and first lines mean, in German and English: data alone. Patterns are for `re.IGNORECASE`."""

from __future__ import annotations

#: Subjects of reports that a message did not arrive, or not yet.
BOUNCE_SUBJECTS = (
    r"undeliver(?:ed|able)|delivery (?:status|failure|failed|has failed|delayed|problem|error|report|notification|incomplete|unsuccessful)|"
    r"returned (?:mail|e-?mail|message)|returned to sender|mail (?:delivery|system|failure|delivery failed|error|could not)|"
    r"message (?:delivery|delayed|not delivered|undeliverable|status|could not)|failure (?:notice|delivery)|non[- ]?deliver|not delivered|"
    r"could not (?:be delivered|send)|couldn'?t be delivered|can(?:not|'t) be delivered|bounced?\b|nondeliverable|rejected:|email error|postmaster notify|"
    r"warning: (?:could not|message)|transient error|deferred mail|problem delivering|delivery to[^\n]{0,80}(?:failed|delayed)|\bdsn\b|\bndr\b|\bndn\b",
    r"unzustellbar|nicht zustellbar|zustell(?:ung|fehler|status|bericht)|nicht zugestellt|fehler bei der (?:zu|über)stellung|rücksendung|"
    r"mail konnte nicht|nachricht konnte nicht|übermittlungsfehler|verzöger(?:t|ung)",
    r"non remis|échec de la remise|non recapitabile|mancato recapito|no se (?:puede|pudo) entregar|não entregue|onbestelbaar|"
    r"не доставлено|недоставлен|配信|不達|エラー通知|退信|メールエラー",
)

#: Words of reports whose writer says neither by address nor by subject that it is one.
BOUNCE_WORDS = (
    r"(?:could|can|was|were|has|have|did|is)(?: ?not|n['’]t)(?: been| be)?[^\n]{0,40}(?:deliver|reach|sent to)|"
    r"(?:delivery|message|mail)[^\n]{0,60}(?:failed|could not be|has been rejected|undeliverable|unable to be delivered)|"
    r"unable to deliver|permanent (?:fatal )?error|this is the mail ?system|undeliverable|delivery has failed",
    r"(?:konnte|kann|wurde)[^\n]{0,80}nicht[^\n]{0,40}(?:zugestellt|zustellen|ausgeliefert|übermittelt|erreicht)|unzustellbar|nicht zustellbar",
)

#: Subjects of an absent person's machine.
VACATION_SUBJECTS = (
    r"out[- ]of[- ](?:the[- ])?office|\booo\b|\bon (?:vacation|holiday|leave|annual leave)|vacation (?:reply|message|notice)|auto(?:matic|mated)?[- :]{0,2}(?:reply|response|antwort|reponse)|"
    r"autoreply|auto-?responder|i am (?:away|out)|away from|absence|currently (?:out|away)|limited access to e-?mail",
    r"abwesen(?:d|heit)|automatische (?:antwort|rückantwort|eingangs|empfangs)|im urlaub|nicht im (?:büro|haus)|außer haus|ausser haus|urlaubs|elternzeit|"
    r"krankheitsbedingt|betriebsferien|bin (?:ab|bis|vom|zurzeit|zur zeit|derzeit)[^\n]{0,60}|eingangsbestätigung|empfangsbestätigung|ihre (?:anfrage|nachricht) (?:ist|haben)|"
    r"vielen dank für ihre (?:nachricht|e-?mail|anfrage)",
    r"réponse automatique|absence du bureau|risposta automatica|respuesta automática|resposta automática|automatisch antwoord|автоответ|自動返信|自动回复",
)

#: First lines of the same, for machines that keep our subject.
VACATION_WORDS = (
    r"(?:i am|i'm|i will be|we are|i'll be)[^\n]{0,40}(?:out of (?:the )?office|away|on (?:vacation|holiday|leave|parental|maternity)|not in the office|travel)|"
    r"this is an auto(?:matic|mated)|automatically generated (?:reply|response|message)|will (?:reply|respond|get back)[^\n]{0,60}(?:return|back)",
    r"(?:ich bin|wir sind|befinde mich)[^\n]{0,80}(?:nicht (?:im (?:büro|haus)|erreichbar|da\b)|außer haus|im urlaub|in elternzeit|abwesend|wieder (?:erreichbar|da|im))|"
    r"diese (?:nachricht|e-?mail|antwort) wurde automatisch|dies ist eine automatisch|ihre (?:nachricht|e-?mail)[^\n]{0,40}(?:nicht weitergeleitet|wird nicht)|"
    r"nach meiner rückkehr|in dringenden fällen|arbeite nicht mehr (?:bei|für)|nicht mehr (?:für|bei)[^\n]{0,60}(?:tätig|beschäftigt)",
)

#: A machine that lets mail through once somebody proves to be a person.
CHALLENGES = (
    r"confirm (?:that )?(?:you|your (?:message|e-?mail|identity))[^\n]{0,80}(?:deliver|human|sent|person)|challenge[/ -]response|verify (?:that )?you are (?:a )?(?:human|person|not)|"
    r"(?:click|reply)[^\n]{0,80}(?:to (?:have|get) your (?:message|e-?mail) delivered|prove)|spamarrest|boxbe|sender (?:verification|confirmation)|white ?list request|"
    r"message (?:is )?(?:held|waiting)[^\n]{0,60}(?:confirm|verif)",
    r"bestätigen sie[^\n]{0,80}(?:absender|mensch|zugestellt)|nachricht wird (?:erst )?zugestellt, (?:sobald|wenn)",
)

#: Subjects of complaints that come in no standard form.
COMPLAINT_SUBJECTS = (r"complaint about message from|e-?mail feedback report|abuse (?:report|complaint)|spam (?:report|complaint)|feedback loop",)

#: The whole of a subject, or of what somebody wrote, when they want to leave; a token may stand behind it.
LEAVE = (
    r"(?:(?:re|aw|antw|fwd?|wg)\s*:\s*)*(?:(?:bitte|please|hiermit|ich (?:möchte|will)(?: mich)?(?: bitte)?|i (?:want|would like) to|kindly)[\s,:]*)*"
    r"(?:(?:den|vom|von|diesen|diesem|dem|ihren|ihrem|euren|eurem|the|from|this|your|mich|me|newsletter|die|der|das)[\s,:]*)*"
    r"(?:abmeld(?:en|ung)|abmelde|abbestell(?:en|ung)|abbestelle|austragen|kündig(?:en|ung)|melde(?:n sie)? mich(?: bitte)? ab|stopp?|unsubscribe|remove(?: me)?|opt[- ]?out|"
    r"sign ?off|cancel(?: subscription)?|keine (?:weiteren |mehr )?(?:e-?mails|newsletter|mails)(?: mehr)?(?: erhalten| bekommen)?)"
    r"(?:[\s,:]*(?:den|vom|von|diesem|dem|der|ihrem|eurem|aus|the|from|this|your|newsletter|list|liste|verteiler|ab|me|mich|bitte|please|danke|thanks?|you|!|\.|e-?mails?))*",
)
