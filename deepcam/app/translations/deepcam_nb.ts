<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="nb_NO">
<context>
    <name>App</name>
    <message>
        <source>DeepPrivacy Cam goes on in the tray. “Quit” in its menu ends it.</source>
        <translation>DeepPrivacy Cam går videre i systemfeltet. «Avslutt» i menyen der avslutter det.</translation>
    </message>
    <message>
        <source>No tray here: closing this window ends the program.</source>
        <translation>Ikke noe systemfelt her: lukkes vinduet, slutter programmet.</translation>
    </message>
</context>
<context>
    <name>AppHotkeys</name>
    <message>
        <source>Choose other keys.</source>
        <translation>Velg andre taster.</translation>
    </message>
</context>
<context>
    <name>BackgroundChoice</name>
    <message>
        <source>As it is</source>
        <translation>Som det er</translation>
    </message>
    <message>
        <source>Blurred</source>
        <translation>Uskarpt</translation>
    </message>
    <message>
        <source>What is behind you</source>
        <translation>Det som er bak deg</translation>
    </message>
</context>
<context>
    <name>Banner</name>
    <message>
        <source>What is wrong</source>
        <translation>Hva som er galt</translation>
    </message>
    <message>
        <source>&amp;Dismiss</source>
        <translation>&amp;Lukk</translation>
    </message>
    <message>
        <source>&amp;Choose another camera…</source>
        <translation>Velg et annet &amp;kamera…</translation>
    </message>
    <message>
        <source>Use {0} &amp;instead</source>
        <translation>Bruk {0} &amp;i stedet</translation>
    </message>
    <message>
        <source>Set up the cam&amp;era…</source>
        <translation>Sett opp kam&amp;eraet…</translation>
    </message>
    <message>
        <source>Sma&amp;ller picture</source>
        <translation>Mind&amp;re bilde</translation>
    </message>
    <message>
        <source>Make it &amp;writable</source>
        <translation>Gjør skri&amp;vbar</translation>
    </message>
    <message>
        <source>&amp;Look at the faces…</source>
        <translation>S&amp;e på ansiktene…</translation>
    </message>
    <message>
        <source>&amp;Full size</source>
        <translation>&amp;Full størrelse</translation>
    </message>
    <message>
        <source>F&amp;etch them now</source>
        <translation>Hen&amp;t dem nå</translation>
    </message>
    <message>
        <source>&amp;Try again</source>
        <translation>P&amp;røv igjen</translation>
    </message>
</context>
<context>
    <name>CallStep</name>
    <message>
        <source>Choose “{0}” in your call</source>
        <translation>Velg «{0}» i samtalen</translation>
    </message>
    <message>
        <source>Call program</source>
        <translation>Samtaleprogram</translation>
    </message>
    <message>
        <source>Whether a program looks</source>
        <translation>Om et program ser på</translation>
    </message>
    <message>
        <source>{0} sees you. You are in the picture with your new face.</source>
        <translation>{0} ser deg. Du er i bildet med det nye ansiktet ditt.</translation>
    </message>
    <message>
        <source>Waiting until a program opens the camera…</source>
        <translation>Venter til et program åpner kameraet…</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Innstillinger</translation>
    </message>
    <message>
        <source>Video</source>
        <translation>Video og bilde</translation>
    </message>
    <message>
        <source>Camera</source>
        <translation>Kameravalg</translation>
    </message>
    <message>
        <source>More</source>
        <translation>Mer</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Enheter</translation>
    </message>
    <message>
        <source>The question “Allow camera?”</source>
        <translation>Spørsmålet «Tillate kamera?»</translation>
    </message>
    <message>
        <source>The camera beside the address</source>
        <translation>Kameraet ved siden av adressen</translation>
    </message>
    <message>
        <source>In {0}: {1}. There, choose {2}.</source>
        <translation>I {0}: {1}. Velg {2} der.</translation>
    </message>
</context>
<context>
    <name>CameraStep</name>
    <message>
        <source>Which camera shall be used?</source>
        <translation>Hvilket kamera skal brukes?</translation>
    </message>
    <message>
        <source>Its picture stays on this computer; calls get only the one with the other face.</source>
        <translation>Bildet blir på denne maskinen; samtaler får bare det med det andre ansiktet.</translation>
    </message>
    <message>
        <source>Cameras</source>
        <translation>Kameraer</translation>
    </message>
    <message>
        <source>What was found</source>
        <translation>Hva som ble funnet</translation>
    </message>
    <message>
        <source>&amp;Look again</source>
        <translation>&amp;Se igjen</translation>
    </message>
    <message>
        <source>Looking for cameras…</source>
        <translation>Leter etter kameraer …</translation>
    </message>
    <message>
        <source>{0}: used by {1}</source>
        <translation>{0}: brukes av {1}</translation>
    </message>
    <message>
        <source>Every camera is used by another program: close it there, then look again.</source>
        <translation>Alle kameraer brukes av andre programmer: Lukk dem der og søk igjen.</translation>
    </message>
    <message>
        <source>This system does not tell the names of cameras: the first one is used.</source>
        <translation>Dette systemet oppgir ikke navn på kameraer: Det første brukes.</translation>
    </message>
    <message>
        <source>No camera was found: plug one in or switch it on, then look again.</source>
        <translation>Fant ikke noe kamera: Koble til eller slå på et, og søk igjen.</translation>
    </message>
</context>
<context>
    <name>CardChoice</name>
    <message>
        <source>Plain</source>
        <translation>Enkelt</translation>
    </message>
    <message>
        <source>“Back soon”</source>
        <translation>«Straks tilbake»</translation>
    </message>
    <message>
        <source>A colour…</source>
        <translation>En farge…</translation>
    </message>
    <message>
        <source>An own picture…</source>
        <translation>Et eget bilde…</translation>
    </message>
    <message>
        <source>What it looks like</source>
        <translation>Hvordan det ser ut</translation>
    </message>
    <message>
        <source>Standby card</source>
        <translation>Pausebilde</translation>
    </message>
    <message>
        <source>Which colour?</source>
        <translation>Hvilken farge?</translation>
    </message>
    <message>
        <source>Which picture?</source>
        <translation>Hvilket bilde?</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>Bilder</translation>
    </message>
</context>
<context>
    <name>Controller</name>
    <message>
        <source>Switched off: the standby card is shown.</source>
        <translation>Slått av: Pausebildet vises.</translation>
    </message>
    <message>
        <source>Switched on.</source>
        <translation>Slått på.</translation>
    </message>
    <message>
        <source>The standby card is shown.</source>
        <translation>Pausebildet vises.</translation>
    </message>
    <message>
        <source>somebody new</source>
        <translation>noen ny</translation>
    </message>
    <message>
        <source>Now wearing {0}.</source>
        <translation>Vises nå: {0}.</translation>
    </message>
    <message>
        <source>The picture keeps its full size until the next start.</source>
        <translation>Bildet beholder full størrelse til neste start.</translation>
    </message>
    <message>
        <source>There is no face to go back to.</source>
        <translation>Det er ikke noe ansikt å gå tilbake til.</translation>
    </message>
    <message>
        <source>the face before</source>
        <translation>forrige ansikt</translation>
    </message>
    <message>
        <source>Back to {0}.</source>
        <translation>Tilbake til: {0}.</translation>
    </message>
    <message>
        <source>The camera is not running.</source>
        <translation>Kameraet er ikke i gang.</translation>
    </message>
    <message>
        <source>Choose a camera to start it.</source>
        <translation>Velg et kamera for å starte.</translation>
    </message>
</context>
<context>
    <name>Faces</name>
    <message>
        <source>saved</source>
        <translation>lagret</translation>
    </message>
    <message>
        <source>not saved yet</source>
        <translation>ikke lagret ennå</translation>
    </message>
    <message>
        <source>feminine</source>
        <translation>kvinnelig</translation>
    </message>
    <message>
        <source>between feminine and masculine</source>
        <translation>mellom kvinnelig og mannlig</translation>
    </message>
    <message>
        <source>masculine</source>
        <translation>mannlig</translation>
    </message>
    <message>
        <source>dark skin</source>
        <translation>mørk hud</translation>
    </message>
    <message>
        <source>medium skin</source>
        <translation>middels hud</translation>
    </message>
    <message>
        <source>light skin</source>
        <translation>lys hud</translation>
    </message>
    <message numerus="yes">
        <source>looks about %n</source>
        <translation>
            <numerusform>ser ut som omtrent %n år</numerusform>
            <numerusform>ser ut som omtrent %n år</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>GalleryView</name>
    <message>
        <source>A face that you keep is a pseudonym: whoever sees it in two calls can tell that both were the same person. A new face at every start cannot be linked in this way.</source>
        <translation>Et ansikt du beholder, er et pseudonym: Den som ser det i to samtaler, vet at det var samme person. Et nytt ansikt ved hver oppstart kan ikke kobles sammen slik.</translation>
    </message>
    <message>
        <source>Faces: DeepPrivacy Cam</source>
        <translation>Ansikter: DeepPrivacy Cam</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Melding</translation>
    </message>
    <message>
        <source>&amp;Wear this face</source>
        <translation>Br&amp;uk dette ansiktet</translation>
    </message>
    <message>
        <source>The call sees this face from now on.</source>
        <translation>De andre i samtalen ser dette ansiktet fra nå av.</translation>
    </message>
    <message>
        <source>Faces that you keep</source>
        <translation>Ansikter du beholder</translation>
    </message>
    <message>
        <source>&amp;Rename…</source>
        <translation>&amp;Endre navn…</translation>
    </message>
    <message>
        <source>Give the saved face another name.</source>
        <translation>Gi det lagrede ansiktet et annet navn.</translation>
    </message>
    <message>
        <source>&amp;Delete</source>
        <translation>&amp;Slett</translation>
    </message>
    <message>
        <source>Remove this face; Undo delete brings it back.</source>
        <translation>Fjern dette ansiktet; «Angre sletting» henter det tilbake.</translation>
    </message>
    <message>
        <source>&amp;Export to a file…</source>
        <translation>E&amp;ksporter…</translation>
    </message>
    <message>
        <source>Write this face to one small file, for another computer.</source>
        <translation>Skriv dette ansiktet til en liten fil, for en annen maskin.</translation>
    </message>
    <message>
        <source>&amp;Undo delete</source>
        <translation>Ang&amp;re sletting</translation>
    </message>
    <message>
        <source>Bring back the face deleted last.</source>
        <translation>Hent tilbake ansiktet som ble slettet sist.</translation>
    </message>
    <message>
        <source>&amp;Import a face file…</source>
        <translation>&amp;Importer…</translation>
    </message>
    <message>
        <source>Take over a face that was exported. A photograph cannot become a face.</source>
        <translation>Ta inn et eksportert ansikt. Et fotografi kan ikke bli et ansikt.</translation>
    </message>
    <message>
        <source>&amp;Keep the face I wear now…</source>
        <translation>&amp;Behold ansiktet jeg bruker…</translation>
    </message>
    <message>
        <source>Save the face that the call sees now.</source>
        <translation>Lagre ansiktet som de andre ser nå.</translation>
    </message>
    <message>
        <source>Keep the face that you wear now, or somebody in the strip.</source>
        <translation>Behold ansiktet du har nå, eller noen i stripen.</translation>
    </message>
    <message>
        <source>always worn</source>
        <translation>brukes alltid</translation>
    </message>
    <message>
        <source>damaged</source>
        <translation>skadet</translation>
    </message>
    <message>
        <source>No face yet</source>
        <translation>Ikke noe ansikt ennå</translation>
    </message>
    <message>
        <source>The portrait is being drawn.</source>
        <translation>Portrettet tegnes.</translation>
    </message>
    <message>
        <source>Portraits of {0}, neutral and smiling</source>
        <translation>Portretter av {0}, nøytralt og smilende</translation>
    </message>
    <message>
        <source>New &amp;face at every start</source>
        <translation>Nytt ved hver &amp;oppstart</translation>
    </message>
    <message>
        <source>&amp;Always this face…</source>
        <translation>&amp;Alltid dette ansiktet…</translation>
    </message>
</context>
<context>
    <name>GalleryWindow</name>
    <message>
        <source>Putting on {0}.</source>
        <translation>Bytter til {0}.</translation>
    </message>
    <message>
        <source>No face is worn now.</source>
        <translation>Ikke noe ansikt er i bruk nå.</translation>
    </message>
    <message>
        <source>Start the camera first.</source>
        <translation>Start kameraet først.</translation>
    </message>
    <message>
        <source>{0} is saved already.</source>
        <translation>{0} er lagret allerede.</translation>
    </message>
    <message>
        <source>My face</source>
        <translation>Mitt ansikt</translation>
    </message>
    <message>
        <source>A new name for {0}:</source>
        <translation>Et nytt navn på {0}:</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Endre navn</translation>
    </message>
    <message>
        <source>{0} is called {1} now.</source>
        <translation>{0} heter nå {1}.</translation>
    </message>
    <message>
        <source>{0} is deleted; Undo delete brings this face back.</source>
        <translation>{0} er slettet; «Angre sletting» henter ansiktet tilbake.</translation>
    </message>
    <message>
        <source>Every start has a new face now.</source>
        <translation>Hver oppstart gir nå et nytt ansikt.</translation>
    </message>
    <message>
        <source>It is worn until you choose another.</source>
        <translation>Det brukes til du velger et annet.</translation>
    </message>
    <message>
        <source>{0} is back.</source>
        <translation>{0} er tilbake.</translation>
    </message>
    <message>
        <source>{0} is in {1} now.</source>
        <translation>{0} ligger nå i {1}.</translation>
    </message>
    <message>
        <source>{0} is among your faces now.</source>
        <translation>{0} er blant ansiktene dine nå.</translation>
    </message>
    <message>
        <source>Keep this face under the name:</source>
        <translation>Behold ansiktet under navnet:</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Lagre</translation>
    </message>
    <message>
        <source>{0} is saved.</source>
        <translation>{0} er lagret.</translation>
    </message>
    <message>
        <source>There is a face called {0} already.</source>
        <translation>Det finnes allerede et ansikt som heter {0}.</translation>
    </message>
    <message>
        <source>Every start wears {0} now.</source>
        <translation>Hver oppstart bruker nå {0}.</translation>
    </message>
</context>
<context>
    <name>Guidance</name>
    <message>
        <source>Calls cannot see this picture yet: there is no virtual camera.</source>
        <translation>Andre kan ikke se dette bildet ennå: Det finnes ikke noe virtuelt kamera.</translation>
    </message>
    <message>
        <source>This computer is too slow for a large picture; a smaller one runs smoother.</source>
        <translation>Denne maskinen er for treg for et stort bilde; et mindre går jevnere.</translation>
    </message>
    <message>
        <source>{0} Somebody new is worn instead.</source>
        <translation>{0} Et nytt ansikt brukes i stedet.</translation>
    </message>
    <message>
        <source>The networks are being fetched (36 MB).</source>
        <translation>Nettverkene hentes (36 MB).</translation>
    </message>
    <message>
        <source>{0} belongs to somebody else or cannot be changed ({1}).</source>
        <translation>{0} tilhører noen andre eller kan ikke endres ({1}).</translation>
    </message>
</context>
<context>
    <name>Guide</name>
    <message>
        <source>Welcome: DeepPrivacy Cam</source>
        <translation>Velkommen: DeepPrivacy Cam</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Melding</translation>
    </message>
    <message>
        <source>&amp;Done</source>
        <translation>&amp;Ferdig</translation>
    </message>
    <message>
        <source>&amp;Skip this step</source>
        <translation>&amp;Hopp over</translation>
    </message>
    <message>
        <source>Go on &amp;without it</source>
        <translation>Fortsett &amp;uten</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Tilbake</translation>
    </message>
    <message>
        <source>Step {0} of {1}</source>
        <translation>Trinn {0} av {1}</translation>
    </message>
    <message>
        <source>&amp;Next</source>
        <translation>&amp;Neste</translation>
    </message>
</context>
<context>
    <name>HelpWindow</name>
    <message>
        <source>Help: DeepPrivacy Cam</source>
        <translation>Hjelp: DeepPrivacy Cam</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>Sider</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hjelp</translation>
    </message>
    <message>
        <source>&amp;This computer</source>
        <translation>&amp;Denne maskinen</translation>
    </message>
    <message>
        <source>&amp;Report a problem</source>
        <translation>&amp;Meld et problem</translation>
    </message>
    <message>
        <source>&amp;About</source>
        <translation>&amp;Om</translation>
    </message>
    <message>
        <source>Looking at this computer…</source>
        <translation>Ser på denne maskinen…</translation>
    </message>
    <message>
        <source>In a call</source>
        <translation>I en samtale</translation>
    </message>
    <message>
        <source>Choose the camera “{0}” in your call program. Others see you move and speak with the face that this window shows. The switch shows them a standby card instead and lets your camera go.</source>
        <translation>Velg kameraet «{0}» i samtaleprogrammet. Andre ser at du beveger deg og snakker, med ansiktet dette vinduet viser. Bryteren viser dem i stedet et pausebilde og slipper kameraet ditt.</translation>
    </message>
    <message>
        <source>Faces</source>
        <translation>Ansikter</translation>
    </message>
    <message>
        <source>Click on somebody in the strip to wear that face; the arrow keys walk along. The heart keeps a face. A face that you keep is a pseudonym: whoever sees it twice can link both calls.</source>
        <translation>Klikk på noen i stripen for å ta på det ansiktet; piltastene går videre. Hjertet beholder et ansikt. Et ansikt du beholder, er et pseudonym: den som ser det to ganger, kan koble samtalene.</translation>
    </message>
    <message>
        <source>When your face is lost from view</source>
        <translation>Når ansiktet ditt ikke er å se</translation>
    </message>
    <message>
        <source>A plain grey cover or the standby card is shown until you are seen well again.</source>
        <translation>Et enkelt grått dekke eller pausebildet vises til du er godt synlig igjen.</translation>
    </message>
    <message>
        <source>Hidden</source>
        <translation>Skjult</translation>
    </message>
    <message>
        <source>Not hidden</source>
        <translation>Ikke skjult</translation>
    </message>
    <message>
        <source>This desktop gives no keys; the tray&apos;s menu does the same.</source>
        <translation>Dette skrivebordet gir ingen taster; menyen i systemfeltet gjør det samme.</translation>
    </message>
    <message>
        <source>Keys in every program</source>
        <translation>Taster i alle programmer</translation>
    </message>
    <message>
        <source>How it works</source>
        <translation>Slik virker det</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Resultat</translation>
    </message>
    <message>
        <source>What was found</source>
        <translation>Hva som ble funnet</translation>
    </message>
    <message>
        <source>&amp;Look again</source>
        <translation>&amp;Se igjen</translation>
    </message>
    <message>
        <source>These facts help whoever looks into a problem. They hold no picture and no name of a face or camera, and nothing is sent: you decide who gets them.</source>
        <translation>Disse opplysningene hjelper den som ser på et problem. De inneholder ikke noe bilde og ikke noe navn på ansikt eller kamera, og ingenting sendes: du bestemmer hvem som får dem.</translation>
    </message>
    <message>
        <source>The report</source>
        <translation>Rapporten</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>&amp;Kopier</translation>
    </message>
    <message>
        <source>&amp;Save as…</source>
        <translation>&amp;Lagre som…</translation>
    </message>
    <message>
        <source>A virtual camera that shows the face of somebody who does not exist. All is computed on this computer; no picture leaves it but the one that calls see, and nothing is counted or reported.</source>
        <translation>Et virtuelt kamera som viser ansiktet til en som ikke finnes. Alt regnes ut på denne maskinen; ikke noe bilde forlater den utenom det samtaler ser, og ingenting telles eller rapporteres.</translation>
    </message>
    <message>
        <source>Free software under the MIT License; its windows are made with Qt (LGPL 3).</source>
        <translation>Fri programvare under MIT-lisensen; vinduene er laget med Qt (LGPL 3).</translation>
    </message>
    <message numerus="yes">
        <source>%n thing(s) keep the camera from working.</source>
        <translation>
            <numerusform>%n ting hindrer kameraet.</numerusform>
            <numerusform>%n ting hindrer kameraet.</numerusform>
        </translation>
    </message>
    <message>
        <source>The camera can work here.</source>
        <translation>Kameraet kan virke her.</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>Lagre rapporten</translation>
    </message>
    <message>
        <source>It could not be saved ({0}).</source>
        <translation>Det kunne ikke lagres ({0}).</translation>
    </message>
    <message>
        <source>Saved: {0}</source>
        <translation>Lagret: {0}</translation>
    </message>
    <message>
        <source>good</source>
        <translation>bra</translation>
    </message>
    <message>
        <source>not perfect</source>
        <translation>ikke helt bra</translation>
    </message>
    <message>
        <source>does not work</source>
        <translation>virker ikke</translation>
    </message>
</context>
<context>
    <name>Hotkeys</name>
    <message>
        <source>Switch DeepPrivacy Cam on or off</source>
        <translation>Slå DeepPrivacy Cam på eller av</translation>
    </message>
    <message>
        <source>New face</source>
        <translation>Nytt ansikt</translation>
    </message>
    <message>
        <source>Standby card at once</source>
        <translation>Pausebilde straks</translation>
    </message>
    <message>
        <source>{0} is used twice here.</source>
        <translation>{0} er brukt to ganger her.</translation>
    </message>
</context>
<context>
    <name>Keeping</name>
    <message>
        <source>My face</source>
        <translation>Mitt ansikt</translation>
    </message>
    <message>
        <source>{0} is among your faces now.</source>
        <translation>{0} er blant ansiktene dine nå.</translation>
    </message>
    <message>
        <source>{0} is no longer kept; “Faces…” can bring this face back.</source>
        <translation>{0} beholdes ikke lenger; «Ansikter…» kan hente ansiktet tilbake.</translation>
    </message>
</context>
<context>
    <name>OutputStep</name>
    <message>
        <source>The camera that your calls see</source>
        <translation>Kameraet som de andre ser</translation>
    </message>
    <message>
        <source>State of the virtual camera</source>
        <translation>Tilstanden til det virtuelle kameraet</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Framdrift</translation>
    </message>
    <message>
        <source>Set &amp;up the camera</source>
        <translation>Sett &amp;opp kameraet</translation>
    </message>
    <message>
        <source>Your system asks for the password.</source>
        <translation>Systemet ditt spør om passordet.</translation>
    </message>
    <message>
        <source>&amp;Details</source>
        <translation>&amp;Detaljer</translation>
    </message>
    <message>
        <source>This would be done as root, and nothing else:</source>
        <translation>Dette ville bli gjort som administrator, og ikke noe annet:</translation>
    </message>
    <message>
        <source>What would be done as root</source>
        <translation>Hva som ville bli gjort som administrator</translation>
    </message>
    <message>
        <source>Then a part of the system is installed: one to three minutes.</source>
        <translation>Så installeres en del av systemet: ett til tre minutter.</translation>
    </message>
    <message>
        <source>The camera is set up.</source>
        <translation>Kameraet er satt opp.</translation>
    </message>
    <message>
        <source>Whoever looks after this computer can type this in a terminal:</source>
        <translation>Den som tar seg av denne maskinen, kan skrive dette i en terminal:</translation>
    </message>
    <message>
        <source>Or in a terminal:</source>
        <translation>Eller i en terminal:</translation>
    </message>
    <message>
        <source>Ready: calls find a camera called “{0}”.</source>
        <translation>Klart: samtaler finner et kamera som heter «{0}».</translation>
    </message>
    <message>
        <source>Ready until the computer is restarted. One click makes the camera stay.</source>
        <translation>Klart til maskinen startes på nytt. Ett klikk gjør at kameraet blir.</translation>
    </message>
    <message>
        <source>New browsers and OBS find “{0}” already (through PipeWire). Zoom, Teams and other programs need a camera of the system, which is missing.</source>
        <translation>Nye nettlesere og OBS finner «{0}» allerede (gjennom PipeWire). Zoom, Teams og andre programmer trenger et systemkamera, som mangler.</translation>
    </message>
    <message>
        <source>Call programs take pictures only from cameras. The one that carries your new face is missing on this computer.</source>
        <translation>Samtaleprogrammer tar bare bilder fra kameraer. Det som bærer det nye ansiktet ditt, mangler på denne maskinen.</translation>
    </message>
    <message>
        <source>It cannot be made from here. “Details” shows what to do instead; until then this window shows what others would see.</source>
        <translation>Det kan ikke gjøres herfra. «Detaljer» viser hva som kan gjøres i stedet; til da viser dette vinduet hva andre ville sett.</translation>
    </message>
    <message>
        <source>One click makes it. Your system asks for the password once.</source>
        <translation>Ett klikk lager det. Systemet spør om passordet én gang.</translation>
    </message>
    <message>
        <source>&amp;Look again</source>
        <translation>&amp;Se igjen</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>Kommando</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>&amp;Kopier</translation>
    </message>
    <message>
        <source>Copy the command</source>
        <translation>Kopier kommandoen</translation>
    </message>
    <message>
        <source>Looking for the virtual camera…</source>
        <translation>Leter etter det virtuelle kameraet …</translation>
    </message>
    <message>
        <source>Your system asks for the password now.</source>
        <translation>Systemet spør nå om passordet.</translation>
    </message>
</context>
<context>
    <name>Preview</name>
    <message>
        <source>State and measurements</source>
        <translation>Tilstand og måleverdier</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Melding</translation>
    </message>
    <message>
        <source>What others see</source>
        <translation>Hva andre ser</translation>
    </message>
    <message>
        <source>Others see the picture</source>
        <translation>Andre ser bildet</translation>
    </message>
    <message>
        <source>&amp;Keep</source>
        <translation>&amp;Behold</translation>
    </message>
    <message>
        <source>F&amp;aces…</source>
        <translation>&amp;Ansikter…</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hjelp</translation>
    </message>
    <message>
        <source>&amp;Mirror</source>
        <translation>S&amp;peil</translation>
    </message>
    <message>
        <source>As &amp;others see it</source>
        <translation>Slik andre ser &amp;det</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Detaljer</translation>
    </message>
    <message>
        <source>Camera</source>
        <translation>Kameravalg</translation>
    </message>
    <message>
        <source>The camera that looks at you.</source>
        <translation>Kameraet som ser på deg.</translation>
    </message>
    <message>
        <source>&amp;How it works, and what it does not hide</source>
        <translation>&amp;Slik virker det, og hva det ikke skjuler</translation>
    </message>
    <message>
        <source>&amp;Check this computer…</source>
        <translation>&amp;Undersøk denne maskinen…</translation>
    </message>
    <message>
        <source>&amp;Report a problem…</source>
        <translation>&amp;Meld et problem…</translation>
    </message>
    <message>
        <source>&amp;About DeepPrivacy Cam</source>
        <translation>&amp;Om DeepPrivacy Cam</translation>
    </message>
    <message>
        <source>Off: others see the standby card, and your camera is let go.</source>
        <translation>Av: andre ser pausebildet, og kameraet ditt slippes.</translation>
    </message>
    <message>
        <source>Keep the face that you wear now, under its name.</source>
        <translation>Behold ansiktet du har nå, under navnet det har.</translation>
    </message>
    <message>
        <source>Rename, share or delete the faces that you keep.</source>
        <translation>Gi nytt navn til, del eller slett ansiktene du beholder.</translation>
    </message>
    <message>
        <source>The picture here is like a mirror.</source>
        <translation>Bildet her er som et speil.</translation>
    </message>
    <message>
        <source>The picture here is the way round that others see it.</source>
        <translation>Bildet her er den veien andre ser det.</translation>
    </message>
    <message>
        <source>Pictures a second, delay and what computes them.</source>
        <translation>Bilder i sekundet, forsinkelse og hva som regner dem ut.</translation>
    </message>
    <message>
        <source>Mirror view</source>
        <translation>Speilvendt</translation>
    </message>
    <message>
        <source>Kept</source>
        <translation>Beholdt</translation>
    </message>
    <message>
        <source>First camera found</source>
        <translation>Første kamera som finnes</translation>
    </message>
    <message>
        <source>No camera was found</source>
        <translation>Fant ikke noe kamera</translation>
    </message>
    <message>
        <source>&amp;New face</source>
        <translation>&amp;Nytt ansikt</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>An&amp;gre</translation>
    </message>
    <message>
        <source>&amp;Settings…</source>
        <translation>Inn&amp;stillinger…</translation>
    </message>
    <message>
        <source>Somebody new; the present face stays until the new one is ready.</source>
        <translation>Et nytt ansikt; det nåværende blir til det nye er klart.</translation>
    </message>
    <message>
        <source>The face before this one.</source>
        <translation>Ansiktet før dette.</translation>
    </message>
    <message>
        <source>Camera, picture, keys, start at login.</source>
        <translation>Kamera, bilde, taster, start ved innlogging.</translation>
    </message>
    <message>
        <source>Anonymized picture</source>
        <translation>Anonymisert bilde</translation>
    </message>
    <message>
        <source>Anonymized picture, mirrored</source>
        <translation>Anonymisert bilde, speilvendt</translation>
    </message>
    <message>
        <source>The camera is not running.</source>
        <translation>Kameraet er ikke i gang.</translation>
    </message>
    <message>
        <source>On</source>
        <translation>På</translation>
    </message>
    <message>
        <source>Off: the standby card is shown</source>
        <translation>Av: pausebildet vises</translation>
    </message>
    <message>
        <source>{0} generated, {1} covered</source>
        <translation>{0} laget, {1} dekket til</translation>
    </message>
    <message numerus="yes">
        <source>%n frames/s</source>
        <translation>
            <numerusform>%n bilde/s</numerusform>
            <numerusform>%n bilder/s</numerusform>
        </translation>
    </message>
    <message>
        <source>Others see nothing</source>
        <translation>Andre ser ingenting</translation>
    </message>
    <message>
        <source>Stopped: others see nothing</source>
        <translation>Stanset: andre ser ingenting</translation>
    </message>
    <message>
        <source>The switch starts it again.</source>
        <translation>Bryteren starter det igjen.</translation>
    </message>
    <message>
        <source>Off: others see the standby card</source>
        <translation>Av: andre ser pausebildet</translation>
    </message>
    <message>
        <source>Your camera is let go.</source>
        <translation>Kameraet ditt er sluppet.</translation>
    </message>
    <message>
        <source>somebody new</source>
        <translation>noen ny</translation>
    </message>
    <message>
        <source>Others see {0}</source>
        <translation>Andre ser {0}</translation>
    </message>
    <message>
        <source>Others see a cover on your head</source>
        <translation>Andre ser et dekke på hodet ditt</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>Starter…</translation>
    </message>
    <message>
        <source>Others see the standby card.</source>
        <translation>Andre ser pausebildet.</translation>
    </message>
    <message>
        <source>Others see the standby card</source>
        <translation>Andre ser pausebildet</translation>
    </message>
    <message>
        <source>{0} sees you.</source>
        <translation>{0} ser deg.</translation>
    </message>
    <message>
        <source>A program sees you.</source>
        <translation>Et program ser deg.</translation>
    </message>
    <message>
        <source>No call can see it yet.</source>
        <translation>Ingen samtale kan se det ennå.</translation>
    </message>
    <message>
        <source>No program is looking yet: choose “DeepPrivacy Cam” in your call.</source>
        <translation>Ingen program ser på ennå: velg «DeepPrivacy Cam» i samtalen.</translation>
    </message>
    <message numerus="yes">
        <source>%n ms latency</source>
        <translation>
            <numerusform>%n ms forsinkelse</numerusform>
            <numerusform>%n ms forsinkelse</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>QGnomeTheme</name>
    <message>
        <source>&amp;OK</source>
        <translation>&amp;OK</translation>
    </message>
    <message>
        <source>&amp;Save</source>
        <translation>&amp;Lagre</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>&amp;Avbryt</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>&amp;Lukk</translation>
    </message>
</context>
<context>
    <name>QKeySequenceEdit</name>
    <message>
        <source>Press shortcut</source>
        <translation>Trykk tastene</translation>
    </message>
</context>
<context>
    <name>QPlatformTheme</name>
    <message>
        <source>OK</source>
        <translation>OK</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Lagre</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Åpne</translation>
    </message>
    <message>
        <source>&amp;Yes</source>
        <translation>&amp;Ja</translation>
    </message>
    <message>
        <source>&amp;No</source>
        <translation>&amp;Nei</translation>
    </message>
    <message>
        <source>Retry</source>
        <translation>Prøv igjen</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Lukk</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Avbryt</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>Hjelp</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>Bruk</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>Tilbakestill</translation>
    </message>
    <message>
        <source>Restore Defaults</source>
        <translation>Standardverdier</translation>
    </message>
</context>
<context>
    <name>Questions</name>
    <message>
        <source>Export a face</source>
        <translation>Eksporter et ansikt</translation>
    </message>
    <message>
        <source>Import a face</source>
        <translation>Importer et ansikt</translation>
    </message>
    <message>
        <source>Always this face?</source>
        <translation>Alltid dette ansiktet?</translation>
    </message>
    <message>
        <source>Wear {0} at every start?</source>
        <translation>Bruke {0} ved hver oppstart?</translation>
    </message>
    <message>
        <source>&amp;Always this face</source>
        <translation>&amp;Alltid dette ansiktet</translation>
    </message>
    <message>
        <source>Faces</source>
        <translation>Ansikter</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Settings: DeepPrivacy Cam</source>
        <translation>Innstillinger: DeepPrivacy Cam</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Melding</translation>
    </message>
    <message>
        <source>R&amp;un the guide again…</source>
        <translation>Vis &amp;introduksjonen igjen…</translation>
    </message>
    <message>
        <source>The first one found</source>
        <translation>Det første som finnes</translation>
    </message>
    <message>
        <source>Camera</source>
        <translation>Kameravalg</translation>
    </message>
    <message>
        <source>Picture size</source>
        <translation>Bildestørrelse</translation>
    </message>
    <message>
        <source>Pictures a second</source>
        <translation>Bilder i sekundet</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatisk</translation>
    </message>
    <message>
        <source>Virtual camera of the system</source>
        <translation>Virtuelt kamera i systemet</translation>
    </message>
    <message>
        <source>PipeWire camera</source>
        <translation>PipeWire-kamera</translation>
    </message>
    <message>
        <source>None: only the preview here</source>
        <translation>Ingen steder: bare her</translation>
    </message>
    <message>
        <source>Where the picture goes</source>
        <translation>Hvor bildet går</translation>
    </message>
    <message>
        <source>Camera and picture</source>
        <translation>Kamera og bilde</translation>
    </message>
    <message>
        <source>&amp;Camera:</source>
        <translation>&amp;Kamera:</translation>
    </message>
    <message>
        <source>Picture si&amp;ze:</source>
        <translation>Bilde&amp;størrelse:</translation>
    </message>
    <message>
        <source>&amp;Pictures a second:</source>
        <translation>Bil&amp;der i sekundet:</translation>
    </message>
    <message>
        <source>Smaller &amp;inside when this computer is slow</source>
        <translation>&amp;Mindre inni når denne maskinen er treg</translation>
    </message>
    <message>
        <source>Before movements get jerky, the picture is made smaller and enlarged again.</source>
        <translation>Før bevegelser hakker, gjøres bildet mindre og forstørres igjen.</translation>
    </message>
    <message>
        <source>Pictures g&amp;o to:</source>
        <translation>Bildene går &amp;til:</translation>
    </message>
    <message>
        <source>Be&amp;hind you:</source>
        <translation>Bak&amp;grunn:</translation>
    </message>
    <message>
        <source>A &amp;new face at every start</source>
        <translation>Et &amp;nytt ansikt ved hver oppstart</translation>
    </message>
    <message>
        <source>&amp;Always this saved face:</source>
        <translation>&amp;Alltid dette ansiktet:</translation>
    </message>
    <message>
        <source>The face that is always worn</source>
        <translation>Ansiktet som alltid brukes</translation>
    </message>
    <message>
        <source>Cover the head</source>
        <translation>Dekk til hodet</translation>
    </message>
    <message>
        <source>Show the standby card</source>
        <translation>Vis pausebildet</translation>
    </message>
    <message>
        <source>When a face is lost from view</source>
        <translation>Når et ansikt ikke kan følges</translation>
    </message>
    <message>
        <source>&amp;Always this saved face: none is saved yet</source>
        <translation>&amp;Alltid det samme: Ingen er lagret ennå</translation>
    </message>
    <message>
        <source>The face</source>
        <translation>Ansiktet</translation>
    </message>
    <message>
        <source>Head and hair (being tried)</source>
        <translation>Hode og hår (prøves ut)</translation>
    </message>
    <message>
        <source>What is replaced</source>
        <translation>Hva som erstattes</translation>
    </message>
    <message>
        <source>&amp;When a face is lost from view:</source>
        <translation>&amp;Hvis et ansikt blir borte:</translation>
    </message>
    <message>
        <source>Standb&amp;y card:</source>
        <translation>Paus&amp;ebilde:</translation>
    </message>
    <message>
        <source>&amp;Replace:</source>
        <translation>&amp;Bytt ut:</translation>
    </message>
    <message>
        <source>Face</source>
        <translation>Ansikt</translation>
    </message>
    <message>
        <source>Body, height, long hair, voice and room can still identify you.</source>
        <translation>Kropp, høyde, langt hår, stemme og rom kan fortsatt avsløre deg.</translation>
    </message>
    <message>
        <source>Hair, ears, the shape of the head, body, voice and room can still identify you.</source>
        <translation>Hår, ører, hodeform, kropp, stemme og rom kan fortsatt avsløre deg.</translation>
    </message>
    <message>
        <source>Keys that work in every program</source>
        <translation>Taster som virker i alle programmer</translation>
    </message>
    <message>
        <source>On or o&amp;ff:</source>
        <translation>På eller a&amp;v:</translation>
    </message>
    <message>
        <source>N&amp;ew face:</source>
        <translation>N&amp;ytt ansikt:</translation>
    </message>
    <message>
        <source>Stand&amp;by card at once:</source>
        <translation>&amp;Pausebilde straks:</translation>
    </message>
    <message>
        <source>Press the keys you want.</source>
        <translation>Trykk tastene du vil ha.</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Ingen</translation>
    </message>
    <message>
        <source>No keys for: {0}</source>
        <translation>Ingen taster for: {0}</translation>
    </message>
    <message>
        <source>Click into a field and press the keys you want.</source>
        <translation>Klikk i et felt og trykk tastene du vil ha.</translation>
    </message>
    <message>
        <source>What is wrong with the keys</source>
        <translation>Hva som er galt med tastene</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>Program</translation>
    </message>
    <message>
        <source>S&amp;tart when I log in</source>
        <translation>Start når jeg &amp;logger inn</translation>
    </message>
    <message>
        <source>&amp;Mirror the preview, like a mirror</source>
        <translation>Speilvend f&amp;orhåndsvisningen</translation>
    </message>
    <message>
        <source>Others always see the picture unmirrored.</source>
        <translation>Andre ser alltid bildet uten speiling.</translation>
    </message>
    <message>
        <source>&amp;Less motion: the preview changes twice a second</source>
        <translation>&amp;Roligere: visningen skifter to ganger i sekundet</translation>
    </message>
    <message>
        <source>As the system: {0}</source>
        <translation>Som systemet: {0}</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Språk</translation>
    </message>
    <message>
        <source>Lan&amp;guage:</source>
        <translation>Spr&amp;åk:</translation>
    </message>
    <message>
        <source>Kept in {0}</source>
        <translation>Lagres i {0}</translation>
    </message>
</context>
<context>
    <name>Strip</name>
    <message>
        <source>Fits you</source>
        <translation>Passer deg</translation>
    </message>
    <message>
        <source>People who go with your hair, neck and light.</source>
        <translation>Folk som passer til håret, halsen og lyset ditt.</translation>
    </message>
    <message>
        <source>Anybody</source>
        <translation>Hvem som helst</translation>
    </message>
    <message>
        <source>People of every age and look.</source>
        <translation>Folk i alle aldre og med alle utseender.</translation>
    </message>
    <message>
        <source>My faces</source>
        <translation>Mine ansikter</translation>
    </message>
    <message>
        <source>Faces that you keep.</source>
        <translation>Ansikter du beholder.</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>Tidligere</translation>
    </message>
    <message>
        <source>Faces that you wore since the start.</source>
        <translation>Ansikter du har hatt siden starten.</translation>
    </message>
    <message>
        <source>Whom to choose from</source>
        <translation>Hvem du kan velge blant</translation>
    </message>
    <message>
        <source>People, each worn on your picture</source>
        <translation>Folk, hver av dem på bildet ditt</translation>
    </message>
    <message>
        <source>More people</source>
        <translation>Flere folk</translation>
    </message>
    <message>
        <source>Others beside these, which stay.</source>
        <translation>Andre ved siden av disse, som blir.</translation>
    </message>
    <message>
        <source>Adjust</source>
        <translation>Juster</translation>
    </message>
    <message>
        <source>Age, features and skin of the people offered.</source>
        <translation>Alder, trekk og hud hos folkene som tilbys.</translation>
    </message>
    <message>
        <source>worn now</source>
        <translation>på nå</translation>
    </message>
    <message>
        <source>kept</source>
        <translation>beholdt</translation>
    </message>
</context>
<context>
    <name>Told</name>
    <message>
        <source>No camera was found.</source>
        <translation>Fant ikke noe kamera.</translation>
    </message>
    <message>
        <source>Plug in a camera, or use --source FILE.</source>
        <translation>Koble til et kamera.</translation>
    </message>
    <message>
        <source>There is no camera &apos;{0}&apos;.</source>
        <translation>Det finnes ikke noe kamera «{0}».</translation>
    </message>
    <message>
        <source>The camera {0} is gone.</source>
        <translation>Kameraet {0} er borte.</translation>
    </message>
    <message>
        <source>The camera {0} does not answer.</source>
        <translation>Kameraet {0} svarer ikke.</translation>
    </message>
    <message>
        <source>Plug it in again.</source>
        <translation>Koble det til på nytt.</translation>
    </message>
    <message>
        <source>The camera {0} may not be used by this user.</source>
        <translation>Du har ikke lov til å bruke kameraet {0}.</translation>
    </message>
    <message>
        <source>Run: sudo usermod -aG video $USER, then log in again.</source>
        <translation>Kjør: sudo usermod -aG video $USER, og logg inn på nytt.</translation>
    </message>
    <message>
        <source>The camera &quot;{0}&quot; could not be opened.</source>
        <translation>Kameraet «{0}» kunne ikke åpnes.</translation>
    </message>
    <message>
        <source>Close other programs.</source>
        <translation>Lukk andre programmer.</translation>
    </message>
    <message>
        <source>The camera &quot;{0}&quot; is used by {1}.</source>
        <translation>Kameraet «{0}» brukes av {1}.</translation>
    </message>
    <message>
        <source>Close it there; it is then taken over by itself.</source>
        <translation>Lukk det der, så overtas det av seg selv.</translation>
    </message>
    <message>
        <source>Choose a real camera.</source>
        <translation>Velg et ekte kamera.</translation>
    </message>
    <message>
        <source>Camera not available.</source>
        <translation>Kameraet er ikke tilgjengelig.</translation>
    </message>
    <message>
        <source>The camera sends no picture.</source>
        <translation>Kameraet sender ikke noe bilde.</translation>
    </message>
    <message>
        <source>Camera picture not usable.</source>
        <translation>Kamerabildet kan ikke brukes.</translation>
    </message>
    <message>
        <source>The camera is not running.</source>
        <translation>Kameraet er ikke i gang.</translation>
    </message>
    <message>
        <source>The camera is just starting.</source>
        <translation>Kameraet starter akkurat nå.</translation>
    </message>
    <message>
        <source>Start it first.</source>
        <translation>Start det først.</translation>
    </message>
    <message>
        <source>There was no answer in time.</source>
        <translation>Det kom ikke noe svar i tide.</translation>
    </message>
    <message>
        <source>Try again in a moment.</source>
        <translation>Prøv igjen om et øyeblikk.</translation>
    </message>
    <message>
        <source>DeepPrivacy Cam is running already (process {0}).</source>
        <translation>DeepPrivacy Cam kjører allerede (prosess {0}).</translation>
    </message>
    <message>
        <source>Use it, or end it with: deepcam stop</source>
        <translation>Bruk det, eller avslutt det med: deepcam stop</translation>
    </message>
    <message>
        <source>Start the program again.</source>
        <translation>Start programmet på nytt.</translation>
    </message>
    <message>
        <source>The output stopped ({0}).</source>
        <translation>Utdataene stoppet ({0}).</translation>
    </message>
    <message>
        <source>The face generator stopped ({0}).</source>
        <translation>Ansiktsgeneratoren stoppet ({0}).</translation>
    </message>
    <message>
        <source>This computer is too slow for {0}: the picture is made at {1} now.</source>
        <translation>Denne maskinen er for treg for {0}: Bildet lages nå i {1}.</translation>
    </message>
    <message>
        <source>There is no identity model.</source>
        <translation>Ansiktsmodellen mangler.</translation>
    </message>
    <message>
        <source>The model {0} is missing.</source>
        <translation>Modellen {0} mangler.</translation>
    </message>
    <message>
        <source>Install DeepPrivacy Cam again.</source>
        <translation>Installer DeepPrivacy Cam på nytt.</translation>
    </message>
    <message>
        <source>The face tracker&apos;s networks are not on this computer yet.</source>
        <translation>Nettverkene for ansiktssporing er ikke på denne maskinen ennå.</translation>
    </message>
    <message>
        <source>The tracker&apos;s networks could not be downloaded ({0}).</source>
        <translation>Nettverkene for ansiktssporing kunne ikke lastes ned ({0}).</translation>
    </message>
    <message>
        <source>There is no virtual camera &quot;{0}&quot;.</source>
        <translation>Det finnes ikke noe virtuelt kamera «{0}».</translation>
    </message>
    <message>
        <source>The virtual camera {0} does not answer.</source>
        <translation>Det virtuelle kameraet {0} svarer ikke.</translation>
    </message>
    <message>
        <source>The virtual camera {0} may not be used by this user.</source>
        <translation>Du har ikke lov til å bruke det virtuelle kameraet {0}.</translation>
    </message>
    <message>
        <source>PipeWire does not run in this session.</source>
        <translation>PipeWire kjører ikke i denne økten.</translation>
    </message>
    <message>
        <source>The PipeWire library is missing.</source>
        <translation>PipeWire-biblioteket mangler.</translation>
    </message>
    <message>
        <source>You closed the question for the password.</source>
        <translation>Du lukket spørsmålet om passordet.</translation>
    </message>
    <message>
        <source>Nothing was changed.</source>
        <translation>Ingenting ble endret.</translation>
    </message>
    <message>
        <source>The set-up ended early (exit code {0}).</source>
        <translation>Oppsettet ble avbrutt (kode {0}).</translation>
    </message>
    <message>
        <source>An identity called &apos;{0}&apos; exists already.</source>
        <translation>Et ansikt med navnet «{0}» finnes allerede.</translation>
    </message>
    <message>
        <source>Choose another name.</source>
        <translation>Velg et annet navn.</translation>
    </message>
    <message>
        <source>An identity of that name exists again.</source>
        <translation>Et ansikt med det navnet finnes igjen.</translation>
    </message>
    <message>
        <source>Rename that one, then try once more.</source>
        <translation>Gi det et annet navn, og prøv en gang til.</translation>
    </message>
    <message>
        <source>No identity is called &apos;{0}&apos;.</source>
        <translation>Ingen ansikter heter «{0}».</translation>
    </message>
    <message>
        <source>`deepcam identities list` shows the saved ones; a number is taken as a seed.</source>
        <translation>Galleriet viser de lagrede.</translation>
    </message>
    <message>
        <source>That cannot be the name of an identity.</source>
        <translation>Et ansikt kan ikke hete det.</translation>
    </message>
    <message>
        <source>Use 1 to {0} visible characters, not only digits.</source>
        <translation>Bruk 1 til {0} synlige tegn, ikke bare sifre.</translation>
    </message>
    <message>
        <source>{0} is not an identity, or it is damaged.</source>
        <translation>{0} er ikke en ansiktsfil, eller den er skadet.</translation>
    </message>
    <message>
        <source>Make a new one with `deepcam identities new`.</source>
        <translation>Lag et nytt ansikt.</translation>
    </message>
    <message>
        <source>{0} was written by a newer DeepPrivacy Cam.</source>
        <translation>{0} er laget av en nyere DeepPrivacy Cam.</translation>
    </message>
    <message>
        <source>Install the present version.</source>
        <translation>Installer den nyeste versjonen.</translation>
    </message>
    <message>
        <source>{0} does not exist.</source>
        <translation>{0} finnes ikke.</translation>
    </message>
    <message>
        <source>Check the name.</source>
        <translation>Sjekk navnet.</translation>
    </message>
    <message>
        <source>{0} cannot be used: {1}.</source>
        <translation>{0} kan ikke brukes: {1}.</translation>
    </message>
    <message>
        <source>Choose another place or free it.</source>
        <translation>Velg et annet sted, eller frigjør det.</translation>
    </message>
    <message>
        <source>Nothing can be written in the directory {0}.</source>
        <translation>Ingenting kan lagres i mappen {0}.</translation>
    </message>
    <message>
        <source>Choose another place.</source>
        <translation>Velg et annet sted.</translation>
    </message>
    <message>
        <source>{0} is taken by another program.</source>
        <translation>{0} brukes av et annet program.</translation>
    </message>
    <message>
        <source>Choose other keys.</source>
        <translation>Velg andre taster.</translation>
    </message>
    <message>
        <source>Choose keys such as Ctrl+Alt+N.</source>
        <translation>Velg taster som Ctrl+Alt+N.</translation>
    </message>
    <message>
        <source>&apos;{0}&apos; lacks the key that is pressed.</source>
        <translation>I «{0}» mangler tasten som trykkes.</translation>
    </message>
    <message>
        <source>{0} is needed for writing.</source>
        <translation>{0} trengs for å skrive.</translation>
    </message>
    <message>
        <source>Hold Ctrl or Alt with it, as in Ctrl+Alt+N.</source>
        <translation>Hold Ctrl eller Alt samtidig, som i Ctrl+Alt+N.</translation>
    </message>
    <message>
        <source>{0} belongs to the desktop.</source>
        <translation>{0} tilhører skrivebordet.</translation>
    </message>
    <message>
        <source>Every program needs {0} itself.</source>
        <translation>Alle programmer trenger {0} selv.</translation>
    </message>
    <message>
        <source>Windows keeps {0} for itself.</source>
        <translation>Windows beholder {0} selv.</translation>
    </message>
    <message>
        <source>In &apos;{0}&apos;, {1} is no key that can be a hotkey.</source>
        <translation>I {0} er {1} ingen mulig tast.</translation>
    </message>
    <message>
        <source>Choose a letter, a digit or a function key.</source>
        <translation>Velg en bokstav, et siffer eller en funksjonstast.</translation>
    </message>
    <message>
        <source>The present keyboard layout has no {0} key.</source>
        <translation>Tastaturoppsettet har ingen tast {0}.</translation>
    </message>
    <message>
        <source>The desktop refused the hotkeys.</source>
        <translation>Skrivebordet avviste tastene.</translation>
    </message>
    <message>
        <source>The desktop&apos;s question about hotkeys was declined.</source>
        <translation>Spørsmålet fra skrivebordet om tastene ble avslått.</translation>
    </message>
    <message>
        <source>The desktop&apos;s question about hotkeys was not answered.</source>
        <translation>Spørsmålet fra skrivebordet om tastene ble ikke besvart.</translation>
    </message>
    <message>
        <source>The desktop did not answer.</source>
        <translation>Skrivebordet svarte ikke.</translation>
    </message>
    <message>
        <source>The desktop ended the hotkeys.</source>
        <translation>Skrivebordet avsluttet tastene.</translation>
    </message>
    <message>
        <source>Save the settings again to get them back.</source>
        <translation>Lagre innstillingene på nytt for å få dem tilbake.</translation>
    </message>
    <message>
        <source>This desktop gives programs no hotkeys.</source>
        <translation>Dette skrivebordet gir ikke programmer taster.</translation>
    </message>
    <message>
        <source>This session has no message bus for hotkeys.</source>
        <translation>Denne økten har ingen meldingsbuss for tastene.</translation>
    </message>
    <message>
        <source>Without a desktop there are no hotkeys.</source>
        <translation>Uten skrivebord finnes det ingen taster.</translation>
    </message>
    <message>
        <source>The hotkeys are switched off.</source>
        <translation>Tastene er slått av.</translation>
    </message>
    <message>
        <source>Give the command `{0}` a key in the desktop&apos;s keyboard settings.</source>
        <translation>Gi kommandoen «{0}» en tast i tastaturinnstillingene til skrivebordet.</translation>
    </message>
    <message>
        <source>The settings cannot be kept in {0} ({1}).</source>
        <translation>Innstillingene kan ikke lagres i {0} ({1}).</translation>
    </message>
    <message>
        <source>Make that directory writable; until then they end with the program.</source>
        <translation>Gjør mappen skrivbar; til da gjelder de bare til programmet avsluttes.</translation>
    </message>
    <message>
        <source>The settings in {0} cannot be read ({1}); the defaults are used.</source>
        <translation>Innstillingene i {0} kan ikke leses ({1}); standardverdiene brukes.</translation>
    </message>
    <message>
        <source>{0} is not a settings file; the defaults are used.</source>
        <translation>{0} er ikke en innstillingsfil; standardverdiene brukes.</translation>
    </message>
    <message>
        <source>The settings file was damaged: it lies in {0} now, and the defaults are used.</source>
        <translation>Innstillingsfilen var skadet: Den ligger nå i {0}, og standardverdiene brukes.</translation>
    </message>
    <message>
        <source>The setting {0} cannot be used; its default is taken.</source>
        <translation>Innstillingen {0} kan ikke brukes; standardverdien gjelder.</translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message>
        <source>There is no camera.</source>
        <translation>Det er ikke noe kamera.</translation>
    </message>
    <message>
        <source>&amp;On</source>
        <translation>&amp;På</translation>
    </message>
    <message>
        <source>&amp;Off (standby card)</source>
        <translation>&amp;Av (pausebilde)</translation>
    </message>
    <message>
        <source>&amp;Standby card at once</source>
        <translation>Pausebilde &amp;straks</translation>
    </message>
    <message>
        <source>&amp;New face</source>
        <translation>&amp;Nytt ansikt</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>An&amp;gre</translation>
    </message>
    <message>
        <source>&amp;Faces</source>
        <translation>Ans&amp;ikter</translation>
    </message>
    <message>
        <source>&amp;Camera</source>
        <translation>&amp;Kamera</translation>
    </message>
    <message>
        <source>Show the &amp;window</source>
        <translation>Vis vind&amp;uet</translation>
    </message>
    <message>
        <source>S&amp;ettings…</source>
        <translation>Inns&amp;tillinger…</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>A&amp;vslutt</translation>
    </message>
    <message>
        <source>protected</source>
        <translation>beskyttet</translation>
    </message>
    <message>
        <source>standby</source>
        <translation>pause</translation>
    </message>
    <message>
        <source>fault</source>
        <translation>feil</translation>
    </message>
    <message>
        <source>No face is saved yet.</source>
        <translation>Ingen ansikter er lagret ennå.</translation>
    </message>
    <message>
        <source>&amp;Gallery…</source>
        <translation>&amp;Galleri…</translation>
    </message>
</context>
<context>
    <name>WelcomeStep</name>
    <message>
        <source>Be in the call. Keep your face.</source>
        <translation>Vær med i samtalen. Behold ansiktet ditt.</translation>
    </message>
    <message>
        <source>In calls, others see you move, speak and blink, with the face of somebody who does not exist. Your own picture never leaves this computer.</source>
        <translation>I samtaler ser andre at du beveger deg, snakker og blunker, med ansiktet til en som ikke finnes. Ditt eget bilde forlater aldri denne maskinen.</translation>
    </message>
    <message>
        <source>Hidden</source>
        <translation>Skjult</translation>
    </message>
    <message>
        <source>Not hidden</source>
        <translation>Ikke skjult</translation>
    </message>
    <message>
        <source>If your face cannot be followed for a moment, a plain cover or a standby card is shown. No button and no key shows your own face.</source>
        <translation>Kan ansiktet ditt ikke følges et øyeblikk, vises et enkelt dekke eller et pausebilde. Ingen knapp og ingen tast viser ditt eget ansikt.</translation>
    </message>
    <message>
        <source>Your face: eyes, nose, mouth, and all that is yours alone in it.</source>
        <translation>Ansiktet ditt: øyne, nese, munn og alt ved det som bare er ditt.</translation>
    </message>
    <message>
        <source>Hair, ears, neck, body and clothes, your room, your voice and what you say; and roughly how old you are and how light your skin is, because the new face matches them. Whoever knows you well may know you by these.</source>
        <translation>Hår, ører, hals, kropp og klær, rommet ditt, stemmen din og det du sier; dermed også omtrent hvor gammel du er og fargen på huden, som det nye ansiktet tar opp. Den som kjenner deg godt, kan kjenne deg igjen på dette.</translation>
    </message>
</context>
<context>
    <name>WishSliders</name>
    <message>
        <source>Apparent age</source>
        <translation>Tilsynelatende alder</translation>
    </message>
    <message>
        <source>young</source>
        <translation>ung</translation>
    </message>
    <message>
        <source>rather young</source>
        <translation>ganske ung</translation>
    </message>
    <message>
        <source>middle-aged</source>
        <translation>middelaldrende</translation>
    </message>
    <message>
        <source>older</source>
        <translation>eldre</translation>
    </message>
    <message>
        <source>old</source>
        <translation>gammel</translation>
    </message>
    <message>
        <source>Feminine to masculine</source>
        <translation>Kvinnelig til mannlig</translation>
    </message>
    <message>
        <source>feminine</source>
        <translation>kvinnelig</translation>
    </message>
    <message>
        <source>rather feminine</source>
        <translation>mest kvinnelig</translation>
    </message>
    <message>
        <source>in between</source>
        <translation>midt imellom</translation>
    </message>
    <message>
        <source>rather masculine</source>
        <translation>mest mannlig</translation>
    </message>
    <message>
        <source>masculine</source>
        <translation>mannlig</translation>
    </message>
    <message>
        <source>Skin tone, dark to light</source>
        <translation>Hudtone, mørk til lys</translation>
    </message>
    <message>
        <source>dark</source>
        <translation>mørk</translation>
    </message>
    <message>
        <source>rather dark</source>
        <translation>ganske mørk</translation>
    </message>
    <message>
        <source>medium</source>
        <translation>middels</translation>
    </message>
    <message>
        <source>rather light</source>
        <translation>ganske lys</translation>
    </message>
    <message>
        <source>light</source>
        <translation>lys</translation>
    </message>
    <message>
        <source>Ticked: chance decides. Not ticked: the slider decides.</source>
        <translation>Avkrysset: Tilfeldet avgjør. Ikke avkrysset: Glidebryteren avgjør.</translation>
    </message>
    <message>
        <source>any</source>
        <translation>valgfri</translation>
    </message>
    <message>
        <source>Any</source>
        <translation>Valgfri</translation>
    </message>
    <message>
        <source>{0}: any</source>
        <translation>{0}: valgfri</translation>
    </message>
</context>
<context>
    <name>_Menu</name>
    <message>
        <source>Built-in camera</source>
        <translation>Innebygd kamera</translation>
    </message>
</context>
</TS>
