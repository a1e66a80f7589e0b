<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE">
<context>
    <name>App</name>
    <message>
        <source>DeepPrivacy Cam goes on in the tray. “Quit” in its menu ends it.</source>
        <translation>DeepPrivacy Cam läuft im Infobereich weiter. „Beenden“ im Menü dort beendet es.</translation>
    </message>
    <message>
        <source>No tray here: closing this window ends the program.</source>
        <translation>Hier gibt es keinen Infobereich: Schließen beendet das Programm.</translation>
    </message>
</context>
<context>
    <name>AppHotkeys</name>
    <message>
        <source>Choose other keys.</source>
        <translation>Wählen Sie andere Tasten.</translation>
    </message>
</context>
<context>
    <name>BackgroundChoice</name>
    <message>
        <source>As it is</source>
        <translation>Wie es ist</translation>
    </message>
    <message>
        <source>Blurred</source>
        <translation>Unscharf</translation>
    </message>
    <message>
        <source>What is behind you</source>
        <translation>Was hinter Ihnen ist</translation>
    </message>
</context>
<context>
    <name>Banner</name>
    <message>
        <source>What is wrong</source>
        <translation>Was nicht stimmt</translation>
    </message>
    <message>
        <source>&amp;Dismiss</source>
        <translation>&amp;Schließen</translation>
    </message>
    <message>
        <source>&amp;Choose another camera…</source>
        <translation>Andere &amp;Kamera wählen…</translation>
    </message>
    <message>
        <source>Use {0} &amp;instead</source>
        <translation>Stattdessen {0} neh&amp;men</translation>
    </message>
    <message>
        <source>Set up the cam&amp;era…</source>
        <translation>Kamera &amp;einrichten…</translation>
    </message>
    <message>
        <source>Sma&amp;ller picture</source>
        <translation>K&amp;leineres Bild</translation>
    </message>
    <message>
        <source>Make it &amp;writable</source>
        <translation>Schreibbar &amp;machen</translation>
    </message>
    <message>
        <source>&amp;Look at the faces…</source>
        <translation>Gesi&amp;chter ansehen…</translation>
    </message>
    <message>
        <source>&amp;Full size</source>
        <translation>V&amp;olle Größe</translation>
    </message>
    <message>
        <source>F&amp;etch them now</source>
        <translation>Jetzt &amp;laden</translation>
    </message>
    <message>
        <source>&amp;Try again</source>
        <translation>Noch einmal &amp;versuchen</translation>
    </message>
</context>
<context>
    <name>CallStep</name>
    <message>
        <source>Choose “{0}” in your call</source>
        <translation>Wählen Sie „{0}“ im Gespräch</translation>
    </message>
    <message>
        <source>Call program</source>
        <translation>Programm für Gespräche</translation>
    </message>
    <message>
        <source>Whether a program looks</source>
        <translation>Ob ein Programm zusieht</translation>
    </message>
    <message>
        <source>{0} sees you. You are in the picture with your new face.</source>
        <translation>{0} sieht Sie. Sie sind mit Ihrem neuen Gesicht im Bild.</translation>
    </message>
    <message>
        <source>Waiting until a program opens the camera…</source>
        <translation>Warten, bis ein Programm die Kamera öffnet…</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Video</source>
        <translation>Video und Bild</translation>
    </message>
    <message>
        <source>Camera</source>
        <translation>Kamera</translation>
    </message>
    <message>
        <source>More</source>
        <translation>Mehr</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>The question “Allow camera?”</source>
        <translation>Die Frage „Kamera erlauben?“</translation>
    </message>
    <message>
        <source>The camera beside the address</source>
        <translation>Die Kamera neben der Adresse</translation>
    </message>
    <message>
        <source>In {0}: {1}. There, choose {2}.</source>
        <translation>In {0}: {1}. Wählen Sie dort {2}.</translation>
    </message>
</context>
<context>
    <name>CameraStep</name>
    <message>
        <source>Which camera shall be used?</source>
        <translation>Welche Kamera soll es sein?</translation>
    </message>
    <message>
        <source>Its picture stays on this computer; calls get only the one with the other face.</source>
        <translation>Ihr Bild bleibt auf diesem Computer. Ihre Gesprächspartner sehen nur das mit dem anderen Gesicht.</translation>
    </message>
    <message>
        <source>Cameras</source>
        <translation>Kameras</translation>
    </message>
    <message>
        <source>What was found</source>
        <translation>Was gefunden wurde</translation>
    </message>
    <message>
        <source>&amp;Look again</source>
        <translation>&amp;Noch einmal ansehen</translation>
    </message>
    <message>
        <source>Looking for cameras…</source>
        <translation>Kameras werden gesucht …</translation>
    </message>
    <message>
        <source>{0}: used by {1}</source>
        <translation>{0}: benutzt von {1}</translation>
    </message>
    <message>
        <source>Every camera is used by another program: close it there, then look again.</source>
        <translation>Jede Kamera wird von einem anderen Programm benutzt: Schließen Sie sie dort und suchen Sie erneut.</translation>
    </message>
    <message>
        <source>This system does not tell the names of cameras: the first one is used.</source>
        <translation>Dieses System nennt keine Namen von Kameras: Die erste wird benutzt.</translation>
    </message>
    <message>
        <source>No camera was found: plug one in or switch it on, then look again.</source>
        <translation>Es wurde keine Kamera gefunden: Schließen Sie eine an oder schalten Sie sie ein und suchen Sie erneut.</translation>
    </message>
</context>
<context>
    <name>CardChoice</name>
    <message>
        <source>Plain</source>
        <translation>Schlicht</translation>
    </message>
    <message>
        <source>“Back soon”</source>
        <translation>„Gleich zurück“</translation>
    </message>
    <message>
        <source>A colour…</source>
        <translation>Eine Farbe…</translation>
    </message>
    <message>
        <source>An own picture…</source>
        <translation>Ein eigenes Bild…</translation>
    </message>
    <message>
        <source>What it looks like</source>
        <translation>Wie es aussieht</translation>
    </message>
    <message>
        <source>Standby card</source>
        <translation>Pausenbild</translation>
    </message>
    <message>
        <source>Which colour?</source>
        <translation>Welche Farbe?</translation>
    </message>
    <message>
        <source>Which picture?</source>
        <translation>Welches Bild?</translation>
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
        <translation>Ausgeschaltet: Das Pausenbild wird gezeigt.</translation>
    </message>
    <message>
        <source>Switched on.</source>
        <translation>Eingeschaltet.</translation>
    </message>
    <message>
        <source>The standby card is shown.</source>
        <translation>Das Pausenbild wird gezeigt.</translation>
    </message>
    <message>
        <source>somebody new</source>
        <translation>jemand Neues</translation>
    </message>
    <message>
        <source>Now wearing {0}.</source>
        <translation>Jetzt zu sehen: {0}.</translation>
    </message>
    <message>
        <source>The picture keeps its full size until the next start.</source>
        <translation>Das Bild behält seine volle Größe bis zum nächsten Start.</translation>
    </message>
    <message>
        <source>There is no face to go back to.</source>
        <translation>Es gibt kein Gesicht, zu dem es zurückgeht.</translation>
    </message>
    <message>
        <source>the face before</source>
        <translation>das Gesicht davor</translation>
    </message>
    <message>
        <source>Back to {0}.</source>
        <translation>Wieder zu sehen: {0}.</translation>
    </message>
    <message>
        <source>The camera is not running.</source>
        <translation>Die Kamera läuft nicht.</translation>
    </message>
    <message>
        <source>Choose a camera to start it.</source>
        <translation>Wählen Sie eine Kamera, um zu beginnen.</translation>
    </message>
</context>
<context>
    <name>Faces</name>
    <message>
        <source>saved</source>
        <translation>gespeichert</translation>
    </message>
    <message>
        <source>not saved yet</source>
        <translation>noch nicht gespeichert</translation>
    </message>
    <message>
        <source>feminine</source>
        <translation>weiblich</translation>
    </message>
    <message>
        <source>between feminine and masculine</source>
        <translation>zwischen weiblich und männlich</translation>
    </message>
    <message>
        <source>masculine</source>
        <translation>männlich</translation>
    </message>
    <message>
        <source>dark skin</source>
        <translation>dunkle Haut</translation>
    </message>
    <message>
        <source>medium skin</source>
        <translation>mittlere Haut</translation>
    </message>
    <message>
        <source>light skin</source>
        <translation>helle Haut</translation>
    </message>
    <message numerus="yes">
        <source>looks about %n</source>
        <translation>
            <numerusform>sieht aus wie etwa %n Jahr</numerusform>
            <numerusform>sieht aus wie etwa %n Jahre</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>GalleryView</name>
    <message>
        <source>A face that you keep is a pseudonym: whoever sees it in two calls can tell that both were the same person. A new face at every start cannot be linked in this way.</source>
        <translation>Ein Gesicht, das Sie behalten, ist ein Pseudonym: Wer es in zwei Anrufen sieht, weiß, dass es dieselbe Person war. Ein neues Gesicht bei jedem Start lässt sich so nicht verknüpfen.</translation>
    </message>
    <message>
        <source>Faces: DeepPrivacy Cam</source>
        <translation>Gesichter: DeepPrivacy Cam</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Meldung</translation>
    </message>
    <message>
        <source>&amp;Wear this face</source>
        <translation>Dieses Gesicht &amp;tragen</translation>
    </message>
    <message>
        <source>The call sees this face from now on.</source>
        <translation>Ihre Gesprächspartner sehen ab jetzt dieses Gesicht.</translation>
    </message>
    <message>
        <source>Faces that you keep</source>
        <translation>Gesichter, die Sie behalten</translation>
    </message>
    <message>
        <source>&amp;Rename…</source>
        <translation>&amp;Umbenennen…</translation>
    </message>
    <message>
        <source>Give the saved face another name.</source>
        <translation>Dem gespeicherten Gesicht einen anderen Namen geben.</translation>
    </message>
    <message>
        <source>&amp;Delete</source>
        <translation>&amp;Löschen</translation>
    </message>
    <message>
        <source>Remove this face; Undo delete brings it back.</source>
        <translation>Dieses Gesicht entfernen; „Löschen rückgängig“ holt es zurück.</translation>
    </message>
    <message>
        <source>&amp;Export to a file…</source>
        <translation>&amp;Exportieren…</translation>
    </message>
    <message>
        <source>Write this face to one small file, for another computer.</source>
        <translation>Dieses Gesicht in eine kleine Datei schreiben, für einen anderen Computer.</translation>
    </message>
    <message>
        <source>&amp;Undo delete</source>
        <translation>Löschen &amp;rückgängig</translation>
    </message>
    <message>
        <source>Bring back the face deleted last.</source>
        <translation>Das zuletzt gelöschte Gesicht zurückholen.</translation>
    </message>
    <message>
        <source>&amp;Import a face file…</source>
        <translation>I&amp;mportieren…</translation>
    </message>
    <message>
        <source>Take over a face that was exported. A photograph cannot become a face.</source>
        <translation>Ein exportiertes Gesicht übernehmen. Aus einem Foto kann kein Gesicht werden.</translation>
    </message>
    <message>
        <source>&amp;Keep the face I wear now…</source>
        <translation>Jetziges Gesicht &amp;behalten…</translation>
    </message>
    <message>
        <source>Save the face that the call sees now.</source>
        <translation>Das Gesicht speichern, das Ihre Gesprächspartner jetzt sehen.</translation>
    </message>
    <message>
        <source>Keep the face that you wear now, or somebody in the strip.</source>
        <translation>Behalten Sie das Gesicht, das Sie gerade tragen, oder jemanden aus der Leiste.</translation>
    </message>
    <message>
        <source>always worn</source>
        <translation>immer getragen</translation>
    </message>
    <message>
        <source>damaged</source>
        <translation>beschädigt</translation>
    </message>
    <message>
        <source>No face yet</source>
        <translation>Noch kein Gesicht</translation>
    </message>
    <message>
        <source>The portrait is being drawn.</source>
        <translation>Das Porträt wird gezeichnet.</translation>
    </message>
    <message>
        <source>Portraits of {0}, neutral and smiling</source>
        <translation>Porträts von {0}, neutral und lächelnd</translation>
    </message>
    <message>
        <source>New &amp;face at every start</source>
        <translation>&amp;Jedes Mal ein neues</translation>
    </message>
    <message>
        <source>&amp;Always this face…</source>
        <translation>&amp;Immer dieses Gesicht…</translation>
    </message>
</context>
<context>
    <name>GalleryWindow</name>
    <message>
        <source>Putting on {0}.</source>
        <translation>{0} wird aufgesetzt.</translation>
    </message>
    <message>
        <source>No face is worn now.</source>
        <translation>Jetzt wird kein Gesicht getragen.</translation>
    </message>
    <message>
        <source>Start the camera first.</source>
        <translation>Starten Sie zuerst die Kamera.</translation>
    </message>
    <message>
        <source>{0} is saved already.</source>
        <translation>{0} ist schon gespeichert.</translation>
    </message>
    <message>
        <source>My face</source>
        <translation>Mein Gesicht</translation>
    </message>
    <message>
        <source>A new name for {0}:</source>
        <translation>Ein neuer Name für {0}:</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Umbenennen</translation>
    </message>
    <message>
        <source>{0} is called {1} now.</source>
        <translation>{0} heißt jetzt {1}.</translation>
    </message>
    <message>
        <source>{0} is deleted; Undo delete brings this face back.</source>
        <translation>{0} ist gelöscht; „Löschen rückgängig“ holt dieses Gesicht zurück.</translation>
    </message>
    <message>
        <source>Every start has a new face now.</source>
        <translation>Jeder Start bringt jetzt ein neues Gesicht.</translation>
    </message>
    <message>
        <source>It is worn until you choose another.</source>
        <translation>Es wird getragen, bis Sie ein anderes wählen.</translation>
    </message>
    <message>
        <source>{0} is back.</source>
        <translation>{0} ist wieder da.</translation>
    </message>
    <message>
        <source>{0} is in {1} now.</source>
        <translation>{0} liegt jetzt in {1}.</translation>
    </message>
    <message>
        <source>{0} is among your faces now.</source>
        <translation>{0} gehört jetzt zu Ihren Gesichtern.</translation>
    </message>
    <message>
        <source>Keep this face under the name:</source>
        <translation>Dieses Gesicht behalten unter dem Namen:</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>{0} is saved.</source>
        <translation>{0} ist gespeichert.</translation>
    </message>
    <message>
        <source>There is a face called {0} already.</source>
        <translation>Ein Gesicht namens {0} gibt es schon.</translation>
    </message>
    <message>
        <source>Every start wears {0} now.</source>
        <translation>Jeder Start beginnt jetzt mit {0}.</translation>
    </message>
</context>
<context>
    <name>Guidance</name>
    <message>
        <source>Calls cannot see this picture yet: there is no virtual camera.</source>
        <translation>Andere können dieses Bild noch nicht sehen: Es gibt keine virtuelle Kamera.</translation>
    </message>
    <message>
        <source>This computer is too slow for a large picture; a smaller one runs smoother.</source>
        <translation>Dieser Rechner ist zu langsam für ein großes Bild; ein kleineres läuft flüssiger.</translation>
    </message>
    <message>
        <source>{0} Somebody new is worn instead.</source>
        <translation>{0} Stattdessen wird ein neues Gesicht getragen.</translation>
    </message>
    <message>
        <source>The networks are being fetched (36 MB).</source>
        <translation>Die Netze werden geladen (36 MB).</translation>
    </message>
    <message>
        <source>{0} belongs to somebody else or cannot be changed ({1}).</source>
        <translation>{0} gehört jemand anderem oder lässt sich nicht ändern ({1}).</translation>
    </message>
</context>
<context>
    <name>Guide</name>
    <message>
        <source>Welcome: DeepPrivacy Cam</source>
        <translation>Willkommen: DeepPrivacy Cam</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Meldung</translation>
    </message>
    <message>
        <source>&amp;Done</source>
        <translation>&amp;Fertig</translation>
    </message>
    <message>
        <source>&amp;Skip this step</source>
        <translation>Schritt ü&amp;berspringen</translation>
    </message>
    <message>
        <source>Go on &amp;without it</source>
        <translation>&amp;Ohne weiter</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>Step {0} of {1}</source>
        <translation>Schritt {0} von {1}</translation>
    </message>
    <message>
        <source>&amp;Next</source>
        <translation>&amp;Weiter</translation>
    </message>
</context>
<context>
    <name>HelpWindow</name>
    <message>
        <source>Help: DeepPrivacy Cam</source>
        <translation>Hilfe: DeepPrivacy Cam</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>Seiten</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>&amp;This computer</source>
        <translation>&amp;Dieser Rechner</translation>
    </message>
    <message>
        <source>&amp;Report a problem</source>
        <translation>&amp;Problem melden</translation>
    </message>
    <message>
        <source>&amp;About</source>
        <translation>&amp;Über</translation>
    </message>
    <message>
        <source>Looking at this computer…</source>
        <translation>Dieser Rechner wird angesehen…</translation>
    </message>
    <message>
        <source>In a call</source>
        <translation>Im Gespräch</translation>
    </message>
    <message>
        <source>Choose the camera “{0}” in your call program. Others see you move and speak with the face that this window shows. The switch shows them a standby card instead and lets your camera go.</source>
        <translation>Wählen Sie im Gesprächsprogramm die Kamera „{0}“. Andere sehen Ihre Bewegungen und wie Sie sprechen, mit dem Gesicht, das dieses Fenster zeigt. Der Schalter zeigt ihnen stattdessen ein Pausenbild und gibt Ihre Kamera frei.</translation>
    </message>
    <message>
        <source>Faces</source>
        <translation>Gesichter</translation>
    </message>
    <message>
        <source>Click on somebody in the strip to wear that face; the arrow keys walk along. The heart keeps a face. A face that you keep is a pseudonym: whoever sees it twice can link both calls.</source>
        <translation>Klicken Sie in der Leiste auf jemanden, um dieses Gesicht zu tragen; die Pfeiltasten gehen weiter. Das Herz behält ein Gesicht. Ein behaltenes Gesicht ist ein Pseudonym: Wer es zweimal sieht, kann beide Gespräche verbinden.</translation>
    </message>
    <message>
        <source>When your face is lost from view</source>
        <translation>Wenn Ihr Gesicht nicht zu sehen ist</translation>
    </message>
    <message>
        <source>A plain grey cover or the standby card is shown until you are seen well again.</source>
        <translation>Eine schlichte graue Abdeckung oder das Pausenbild wird gezeigt, bis Sie wieder gut zu sehen sind.</translation>
    </message>
    <message>
        <source>Hidden</source>
        <translation>Verborgen</translation>
    </message>
    <message>
        <source>Not hidden</source>
        <translation>Nicht verborgen</translation>
    </message>
    <message>
        <source>This desktop gives no keys; the tray&apos;s menu does the same.</source>
        <translation>Dieser Desktop vergibt keine Tasten; das Menü im Infobereich kann dasselbe.</translation>
    </message>
    <message>
        <source>Keys in every program</source>
        <translation>Tasten in jedem Programm</translation>
    </message>
    <message>
        <source>How it works</source>
        <translation>Wie es geht</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>What was found</source>
        <translation>Was gefunden wurde</translation>
    </message>
    <message>
        <source>&amp;Look again</source>
        <translation>&amp;Noch einmal ansehen</translation>
    </message>
    <message>
        <source>These facts help whoever looks into a problem. They hold no picture and no name of a face or camera, and nothing is sent: you decide who gets them.</source>
        <translation>Diese Angaben helfen, wenn jemand einem Problem nachgeht. Sie enthalten kein Bild und keinen Namen eines Gesichts oder einer Kamera, und nichts wird gesendet: Sie entscheiden, wer sie bekommt.</translation>
    </message>
    <message>
        <source>The report</source>
        <translation>Der Bericht</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>&amp;Kopieren</translation>
    </message>
    <message>
        <source>&amp;Save as…</source>
        <translation>&amp;Speichern als…</translation>
    </message>
    <message>
        <source>A virtual camera that shows the face of somebody who does not exist. All is computed on this computer; no picture leaves it but the one that calls see, and nothing is counted or reported.</source>
        <translation>Eine virtuelle Kamera, die das Gesicht eines Menschen zeigt, den es nicht gibt. Alles wird auf diesem Rechner berechnet; kein Bild verlässt ihn außer dem, das Gespräche sehen, und nichts wird gezählt oder gemeldet.</translation>
    </message>
    <message>
        <source>Free software under the MIT License; its windows are made with Qt (LGPL 3).</source>
        <translation>Freie Software unter der MIT-Lizenz; die Fenster sind mit Qt gemacht (LGPL 3).</translation>
    </message>
    <message numerus="yes">
        <source>%n thing(s) keep the camera from working.</source>
        <translation>
            <numerusform>Eine Sache hindert die Kamera: %n.</numerusform>
            <numerusform>%n Dinge hindern die Kamera.</numerusform>
        </translation>
    </message>
    <message>
        <source>The camera can work here.</source>
        <translation>Die Kamera kann hier arbeiten.</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>Bericht speichern</translation>
    </message>
    <message>
        <source>It could not be saved ({0}).</source>
        <translation>Das Speichern ging nicht ({0}).</translation>
    </message>
    <message>
        <source>Saved: {0}</source>
        <translation>Gespeichert: {0}</translation>
    </message>
    <message>
        <source>good</source>
        <translation>gut</translation>
    </message>
    <message>
        <source>not perfect</source>
        <translation>nicht ganz gut</translation>
    </message>
    <message>
        <source>does not work</source>
        <translation>geht nicht</translation>
    </message>
</context>
<context>
    <name>Hotkeys</name>
    <message>
        <source>Switch DeepPrivacy Cam on or off</source>
        <translation>DeepPrivacy Cam ein- oder ausschalten</translation>
    </message>
    <message>
        <source>New face</source>
        <translation>Neues Gesicht</translation>
    </message>
    <message>
        <source>Standby card at once</source>
        <translation>Pausenbild sofort</translation>
    </message>
    <message>
        <source>{0} is used twice here.</source>
        <translation>{0} wird hier zweimal benutzt.</translation>
    </message>
</context>
<context>
    <name>Keeping</name>
    <message>
        <source>My face</source>
        <translation>Mein Gesicht</translation>
    </message>
    <message>
        <source>{0} is among your faces now.</source>
        <translation>{0} gehört jetzt zu Ihren Gesichtern.</translation>
    </message>
    <message>
        <source>{0} is no longer kept; “Faces…” can bring this face back.</source>
        <translation>{0} wird nicht mehr behalten; „Gesichter…“ kann dieses Gesicht zurückholen.</translation>
    </message>
</context>
<context>
    <name>OutputStep</name>
    <message>
        <source>The camera that your calls see</source>
        <translation>Die Kamera, die andere sehen</translation>
    </message>
    <message>
        <source>State of the virtual camera</source>
        <translation>Zustand der virtuellen Kamera</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Set &amp;up the camera</source>
        <translation>Kamera &amp;einrichten</translation>
    </message>
    <message>
        <source>Your system asks for the password.</source>
        <translation>Ihr System fragt nach dem Passwort.</translation>
    </message>
    <message>
        <source>&amp;Details</source>
        <translation>Einzelhei&amp;ten</translation>
    </message>
    <message>
        <source>This would be done as root, and nothing else:</source>
        <translation>Dies würde mit Administratorrechten getan, und nichts sonst:</translation>
    </message>
    <message>
        <source>What would be done as root</source>
        <translation>Was mit Administratorrechten getan würde</translation>
    </message>
    <message>
        <source>Then a part of the system is installed: one to three minutes.</source>
        <translation>Danach wird ein Teil des Systems installiert: ein bis drei Minuten.</translation>
    </message>
    <message>
        <source>The camera is set up.</source>
        <translation>Die Kamera ist eingerichtet.</translation>
    </message>
    <message>
        <source>Whoever looks after this computer can type this in a terminal:</source>
        <translation>Wer diesen Rechner betreut, kann das in einem Terminal eingeben:</translation>
    </message>
    <message>
        <source>Or in a terminal:</source>
        <translation>Oder in einem Terminal:</translation>
    </message>
    <message>
        <source>Ready: calls find a camera called “{0}”.</source>
        <translation>Bereit: Gespräche finden eine Kamera namens „{0}“.</translation>
    </message>
    <message>
        <source>Ready until the computer is restarted. One click makes the camera stay.</source>
        <translation>Bereit, bis der Rechner neu gestartet wird. Ein Klick, und die Kamera bleibt.</translation>
    </message>
    <message>
        <source>New browsers and OBS find “{0}” already (through PipeWire). Zoom, Teams and other programs need a camera of the system, which is missing.</source>
        <translation>Neue Browser und OBS finden „{0}“ schon (über PipeWire). Zoom, Teams und andere Programme brauchen eine Kamera des Systems, die noch fehlt.</translation>
    </message>
    <message>
        <source>Call programs take pictures only from cameras. The one that carries your new face is missing on this computer.</source>
        <translation>Gesprächsprogramme nehmen Bilder nur von Kameras. Die mit Ihrem neuen Gesicht fehlt auf diesem Rechner noch.</translation>
    </message>
    <message>
        <source>It cannot be made from here. “Details” shows what to do instead; until then this window shows what others would see.</source>
        <translation>Von hier aus geht es nicht. „Einzelheiten“ zeigt, was stattdessen zu tun ist; bis dahin zeigt dieses Fenster, was andere sehen würden.</translation>
    </message>
    <message>
        <source>One click makes it. Your system asks for the password once.</source>
        <translation>Ein Klick richtet sie ein. Ihr System fragt einmal nach dem Passwort.</translation>
    </message>
    <message>
        <source>&amp;Look again</source>
        <translation>&amp;Noch einmal ansehen</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>&amp;Kopieren</translation>
    </message>
    <message>
        <source>Copy the command</source>
        <translation>Befehl kopieren</translation>
    </message>
    <message>
        <source>Looking for the virtual camera…</source>
        <translation>Die virtuelle Kamera wird gesucht …</translation>
    </message>
    <message>
        <source>Your system asks for the password now.</source>
        <translation>Ihr System fragt jetzt nach dem Passwort.</translation>
    </message>
</context>
<context>
    <name>Preview</name>
    <message>
        <source>State and measurements</source>
        <translation>Zustand und Messwerte</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Meldung</translation>
    </message>
    <message>
        <source>What others see</source>
        <translation>Was andere sehen</translation>
    </message>
    <message>
        <source>Others see the picture</source>
        <translation>Andere sehen das Bild</translation>
    </message>
    <message>
        <source>&amp;Keep</source>
        <translation>&amp;Behalten</translation>
    </message>
    <message>
        <source>F&amp;aces…</source>
        <translation>&amp;Gesichter…</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>&amp;Mirror</source>
        <translation>S&amp;piegel</translation>
    </message>
    <message>
        <source>As &amp;others see it</source>
        <translation>Wie &amp;andere es sehen</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>Camera</source>
        <translation>Kamera</translation>
    </message>
    <message>
        <source>The camera that looks at you.</source>
        <translation>Die Kamera, die Sie aufnimmt.</translation>
    </message>
    <message>
        <source>&amp;How it works, and what it does not hide</source>
        <translation>&amp;Wie es geht, und was es nicht verbirgt</translation>
    </message>
    <message>
        <source>&amp;Check this computer…</source>
        <translation>&amp;Diesen Rechner prüfen…</translation>
    </message>
    <message>
        <source>&amp;Report a problem…</source>
        <translation>&amp;Problem melden…</translation>
    </message>
    <message>
        <source>&amp;About DeepPrivacy Cam</source>
        <translation>&amp;Über DeepPrivacy Cam</translation>
    </message>
    <message>
        <source>Off: others see the standby card, and your camera is let go.</source>
        <translation>Aus: Andere sehen das Pausenbild, und Ihre Kamera wird freigegeben.</translation>
    </message>
    <message>
        <source>Keep the face that you wear now, under its name.</source>
        <translation>Das Gesicht behalten, das Sie gerade tragen, unter seinem Namen.</translation>
    </message>
    <message>
        <source>Rename, share or delete the faces that you keep.</source>
        <translation>Behaltene Gesichter umbenennen, weitergeben oder löschen.</translation>
    </message>
    <message>
        <source>The picture here is like a mirror.</source>
        <translation>Das Bild hier ist wie ein Spiegel.</translation>
    </message>
    <message>
        <source>The picture here is the way round that others see it.</source>
        <translation>Das Bild hier ist so herum, wie andere es sehen.</translation>
    </message>
    <message>
        <source>Pictures a second, delay and what computes them.</source>
        <translation>Bilder je Sekunde, Verzögerung und was sie berechnet.</translation>
    </message>
    <message>
        <source>Mirror view</source>
        <translation>Wie im Spiegel</translation>
    </message>
    <message>
        <source>Kept</source>
        <translation>Behalten ✓</translation>
    </message>
    <message>
        <source>First camera found</source>
        <translation>Erste gefundene Kamera</translation>
    </message>
    <message>
        <source>No camera was found</source>
        <translation>Keine Kamera gefunden</translation>
    </message>
    <message>
        <source>&amp;New face</source>
        <translation>&amp;Neues Gesicht</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>&amp;Rückgängig</translation>
    </message>
    <message>
        <source>&amp;Settings…</source>
        <translation>E&amp;instellungen…</translation>
    </message>
    <message>
        <source>Somebody new; the present face stays until the new one is ready.</source>
        <translation>Ein neues Gesicht; das jetzige bleibt, bis das neue bereit ist.</translation>
    </message>
    <message>
        <source>The face before this one.</source>
        <translation>Das Gesicht vor diesem.</translation>
    </message>
    <message>
        <source>Camera, picture, keys, start at login.</source>
        <translation>Kamera, Bild, Tasten, Start beim Anmelden.</translation>
    </message>
    <message>
        <source>Anonymized picture</source>
        <translation>Anonymisiertes Bild</translation>
    </message>
    <message>
        <source>Anonymized picture, mirrored</source>
        <translation>Anonymisiertes Bild, gespiegelt</translation>
    </message>
    <message>
        <source>The camera is not running.</source>
        <translation>Die Kamera läuft nicht.</translation>
    </message>
    <message>
        <source>On</source>
        <translation>Ein</translation>
    </message>
    <message>
        <source>Off: the standby card is shown</source>
        <translation>Aus: Das Pausenbild wird gezeigt</translation>
    </message>
    <message>
        <source>{0} generated, {1} covered</source>
        <translation>{0} erzeugt, {1} abgedeckt</translation>
    </message>
    <message numerus="yes">
        <source>%n frames/s</source>
        <translation>
            <numerusform>%n Bild/s</numerusform>
            <numerusform>%n Bilder/s</numerusform>
        </translation>
    </message>
    <message>
        <source>Others see nothing</source>
        <translation>Andere sehen nichts</translation>
    </message>
    <message>
        <source>Stopped: others see nothing</source>
        <translation>Angehalten: Andere sehen nichts</translation>
    </message>
    <message>
        <source>The switch starts it again.</source>
        <translation>Der Schalter startet es wieder.</translation>
    </message>
    <message>
        <source>Off: others see the standby card</source>
        <translation>Aus: Andere sehen das Pausenbild</translation>
    </message>
    <message>
        <source>Your camera is let go.</source>
        <translation>Ihre Kamera ist freigegeben.</translation>
    </message>
    <message>
        <source>somebody new</source>
        <translation>jemand Neues</translation>
    </message>
    <message>
        <source>Others see {0}</source>
        <translation>Andere sehen {0}</translation>
    </message>
    <message>
        <source>Others see a cover on your head</source>
        <translation>Andere sehen eine Abdeckung auf Ihrem Kopf</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>Es startet…</translation>
    </message>
    <message>
        <source>Others see the standby card.</source>
        <translation>Andere sehen das Pausenbild.</translation>
    </message>
    <message>
        <source>Others see the standby card</source>
        <translation>Andere sehen das Pausenbild</translation>
    </message>
    <message>
        <source>{0} sees you.</source>
        <translation>{0} sieht Sie.</translation>
    </message>
    <message>
        <source>A program sees you.</source>
        <translation>Ein Programm sieht Sie.</translation>
    </message>
    <message>
        <source>No call can see it yet.</source>
        <translation>Noch kann es kein Gespräch sehen.</translation>
    </message>
    <message>
        <source>No program is looking yet: choose “DeepPrivacy Cam” in your call.</source>
        <translation>Noch sieht kein Programm zu: Wählen Sie „DeepPrivacy Cam“ im Gespräch.</translation>
    </message>
    <message numerus="yes">
        <source>%n ms latency</source>
        <translation>
            <numerusform>%n ms Verzögerung</numerusform>
            <numerusform>%n ms Verzögerung</numerusform>
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
        <translation>&amp;Speichern</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>&amp;Abbrechen</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>S&amp;chließen</translation>
    </message>
</context>
<context>
    <name>QKeySequenceEdit</name>
    <message>
        <source>Press shortcut</source>
        <translation>Tasten drücken</translation>
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
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>&amp;Yes</source>
        <translation>&amp;Ja</translation>
    </message>
    <message>
        <source>&amp;No</source>
        <translation>&amp;Nein</translation>
    </message>
    <message>
        <source>Retry</source>
        <translation>Wiederholen</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>Hilfe</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>Anwenden</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>Zurücksetzen</translation>
    </message>
    <message>
        <source>Restore Defaults</source>
        <translation>Voreinstellungen</translation>
    </message>
</context>
<context>
    <name>Questions</name>
    <message>
        <source>Export a face</source>
        <translation>Ein Gesicht exportieren</translation>
    </message>
    <message>
        <source>Import a face</source>
        <translation>Ein Gesicht importieren</translation>
    </message>
    <message>
        <source>Always this face?</source>
        <translation>Immer dieses Gesicht?</translation>
    </message>
    <message>
        <source>Wear {0} at every start?</source>
        <translation>{0} bei jedem Start tragen?</translation>
    </message>
    <message>
        <source>&amp;Always this face</source>
        <translation>&amp;Immer dieses Gesicht</translation>
    </message>
    <message>
        <source>Faces</source>
        <translation>Gesichter</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Settings: DeepPrivacy Cam</source>
        <translation>Einstellungen: DeepPrivacy Cam</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Meldung</translation>
    </message>
    <message>
        <source>R&amp;un the guide again…</source>
        <translation>Ein&amp;führung zeigen…</translation>
    </message>
    <message>
        <source>The first one found</source>
        <translation>Die erste gefundene</translation>
    </message>
    <message>
        <source>Camera</source>
        <translation>Kamera</translation>
    </message>
    <message>
        <source>Picture size</source>
        <translation>Bildgröße</translation>
    </message>
    <message>
        <source>Pictures a second</source>
        <translation>Bilder je Sekunde</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>Virtual camera of the system</source>
        <translation>Virtuelle Kamera des Systems</translation>
    </message>
    <message>
        <source>PipeWire camera</source>
        <translation>PipeWire-Kamera</translation>
    </message>
    <message>
        <source>None: only the preview here</source>
        <translation>Nirgends: nur Vorschau</translation>
    </message>
    <message>
        <source>Where the picture goes</source>
        <translation>Wohin das Bild geht</translation>
    </message>
    <message>
        <source>Camera and picture</source>
        <translation>Kamera und Bild</translation>
    </message>
    <message>
        <source>&amp;Camera:</source>
        <translation>&amp;Kamera:</translation>
    </message>
    <message>
        <source>Picture si&amp;ze:</source>
        <translation>Bild&amp;größe:</translation>
    </message>
    <message>
        <source>&amp;Pictures a second:</source>
        <translation>&amp;Bilder je Sekunde:</translation>
    </message>
    <message>
        <source>Smaller &amp;inside when this computer is slow</source>
        <translation>Innen k&amp;leiner, wenn dieser Rechner langsam ist</translation>
    </message>
    <message>
        <source>Before movements get jerky, the picture is made smaller and enlarged again.</source>
        <translation>Bevor Bewegungen ruckeln, wird das Bild kleiner gemacht und wieder vergrößert.</translation>
    </message>
    <message>
        <source>Pictures g&amp;o to:</source>
        <translation>Bilder ge&amp;hen an:</translation>
    </message>
    <message>
        <source>Be&amp;hind you:</source>
        <translation>R&amp;aum dahinter:</translation>
    </message>
    <message>
        <source>A &amp;new face at every start</source>
        <translation>Bei jedem Start ein &amp;neues Gesicht</translation>
    </message>
    <message>
        <source>&amp;Always this saved face:</source>
        <translation>&amp;Immer dieses Gesicht:</translation>
    </message>
    <message>
        <source>The face that is always worn</source>
        <translation>Das Gesicht, das immer getragen wird</translation>
    </message>
    <message>
        <source>Cover the head</source>
        <translation>Kopf abdecken</translation>
    </message>
    <message>
        <source>Show the standby card</source>
        <translation>Pausenbild zeigen</translation>
    </message>
    <message>
        <source>When a face is lost from view</source>
        <translation>Wenn ein Gesicht nicht mehr verfolgt werden kann</translation>
    </message>
    <message>
        <source>&amp;Always this saved face: none is saved yet</source>
        <translation>&amp;Immer dasselbe: Noch keines ist gespeichert</translation>
    </message>
    <message>
        <source>The face</source>
        <translation>Das Gesicht</translation>
    </message>
    <message>
        <source>Head and hair (being tried)</source>
        <translation>Kopf und Haare (wird erprobt)</translation>
    </message>
    <message>
        <source>What is replaced</source>
        <translation>Was ersetzt wird</translation>
    </message>
    <message>
        <source>&amp;When a face is lost from view:</source>
        <translation>&amp;Wenn ein Gesicht verloren geht:</translation>
    </message>
    <message>
        <source>Standb&amp;y card:</source>
        <translation>Pausenbil&amp;d:</translation>
    </message>
    <message>
        <source>&amp;Replace:</source>
        <translation>Erset&amp;zen:</translation>
    </message>
    <message>
        <source>Face</source>
        <translation>Gesicht</translation>
    </message>
    <message>
        <source>Body, height, long hair, voice and room can still identify you.</source>
        <translation>Körper, Größe, lange Haare, Stimme und Zimmer können Sie noch verraten.</translation>
    </message>
    <message>
        <source>Hair, ears, the shape of the head, body, voice and room can still identify you.</source>
        <translation>Haare, Ohren, Kopfform, Körper, Stimme und Zimmer können Sie noch verraten.</translation>
    </message>
    <message>
        <source>Keys that work in every program</source>
        <translation>Tasten, die in jedem Programm gelten</translation>
    </message>
    <message>
        <source>On or o&amp;ff:</source>
        <translation>Ein oder a&amp;us:</translation>
    </message>
    <message>
        <source>N&amp;ew face:</source>
        <translation>N&amp;eues Gesicht:</translation>
    </message>
    <message>
        <source>Stand&amp;by card at once:</source>
        <translation>&amp;Pausenbild sofort:</translation>
    </message>
    <message>
        <source>Press the keys you want.</source>
        <translation>Drücken Sie die gewünschten Tasten.</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>No keys for: {0}</source>
        <translation>Keine Tasten für: {0}</translation>
    </message>
    <message>
        <source>Click into a field and press the keys you want.</source>
        <translation>Klicken Sie in ein Feld und drücken Sie die gewünschten Tasten.</translation>
    </message>
    <message>
        <source>What is wrong with the keys</source>
        <translation>Was mit den Tasten nicht stimmt</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>Programm</translation>
    </message>
    <message>
        <source>S&amp;tart when I log in</source>
        <translation>Beim Anmelden s&amp;tarten</translation>
    </message>
    <message>
        <source>&amp;Mirror the preview, like a mirror</source>
        <translation>&amp;Vorschau spiegeln, wie ein Spiegel</translation>
    </message>
    <message>
        <source>Others always see the picture unmirrored.</source>
        <translation>Andere sehen das Bild immer ungespiegelt.</translation>
    </message>
    <message>
        <source>&amp;Less motion: the preview changes twice a second</source>
        <translation>&amp;Ruhiger: Vorschau wechselt zweimal je Sekunde</translation>
    </message>
    <message>
        <source>As the system: {0}</source>
        <translation>Wie das System: {0}</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Lan&amp;guage:</source>
        <translation>&amp;Sprache:</translation>
    </message>
    <message>
        <source>Kept in {0}</source>
        <translation>Gespeichert in {0}</translation>
    </message>
</context>
<context>
    <name>Strip</name>
    <message>
        <source>Fits you</source>
        <translation>Passt zu Ihnen</translation>
    </message>
    <message>
        <source>People who go with your hair, neck and light.</source>
        <translation>Menschen, die zu Ihrem Haar, Hals und Licht passen.</translation>
    </message>
    <message>
        <source>Anybody</source>
        <translation>Irgendwer</translation>
    </message>
    <message>
        <source>People of every age and look.</source>
        <translation>Menschen jeden Alters und Aussehens.</translation>
    </message>
    <message>
        <source>My faces</source>
        <translation>Meine Gesichter</translation>
    </message>
    <message>
        <source>Faces that you keep.</source>
        <translation>Gesichter, die Sie behalten.</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>Vorher</translation>
    </message>
    <message>
        <source>Faces that you wore since the start.</source>
        <translation>Gesichter, die Sie seit dem Start getragen haben.</translation>
    </message>
    <message>
        <source>Whom to choose from</source>
        <translation>Wer zur Wahl steht</translation>
    </message>
    <message>
        <source>People, each worn on your picture</source>
        <translation>Menschen, jeder auf Ihrem Bild getragen</translation>
    </message>
    <message>
        <source>More people</source>
        <translation>Mehr Menschen</translation>
    </message>
    <message>
        <source>Others beside these, which stay.</source>
        <translation>Andere neben diesen, die bleiben.</translation>
    </message>
    <message>
        <source>Adjust</source>
        <translation>Anpassen</translation>
    </message>
    <message>
        <source>Age, features and skin of the people offered.</source>
        <translation>Alter, Züge und Haut der angebotenen Menschen.</translation>
    </message>
    <message>
        <source>worn now</source>
        <translation>gerade getragen</translation>
    </message>
    <message>
        <source>kept</source>
        <translation>behalten</translation>
    </message>
</context>
<context>
    <name>Told</name>
    <message>
        <source>No camera was found.</source>
        <translation>Es wurde keine Kamera gefunden.</translation>
    </message>
    <message>
        <source>Plug in a camera, or use --source FILE.</source>
        <translation>Schließen Sie eine Kamera an.</translation>
    </message>
    <message>
        <source>There is no camera &apos;{0}&apos;.</source>
        <translation>Es gibt keine Kamera „{0}“.</translation>
    </message>
    <message>
        <source>The camera {0} is gone.</source>
        <translation>Die Kamera {0} ist weg.</translation>
    </message>
    <message>
        <source>The camera {0} does not answer.</source>
        <translation>Die Kamera {0} antwortet nicht.</translation>
    </message>
    <message>
        <source>Plug it in again.</source>
        <translation>Schließen Sie sie neu an.</translation>
    </message>
    <message>
        <source>The camera {0} may not be used by this user.</source>
        <translation>Sie dürfen die Kamera {0} nicht benutzen.</translation>
    </message>
    <message>
        <source>Run: sudo usermod -aG video $USER, then log in again.</source>
        <translation>Führen Sie aus: sudo usermod -aG video $USER, und melden Sie sich neu an.</translation>
    </message>
    <message>
        <source>The camera &quot;{0}&quot; could not be opened.</source>
        <translation>Die Kamera „{0}“ ließ sich nicht öffnen.</translation>
    </message>
    <message>
        <source>Close other programs.</source>
        <translation>Schließen Sie andere Programme.</translation>
    </message>
    <message>
        <source>The camera &quot;{0}&quot; is used by {1}.</source>
        <translation>Die Kamera „{0}“ wird von {1} benutzt.</translation>
    </message>
    <message>
        <source>Close it there; it is then taken over by itself.</source>
        <translation>Schließen Sie sie dort; dann wird sie von selbst übernommen.</translation>
    </message>
    <message>
        <source>Choose a real camera.</source>
        <translation>Wählen Sie eine echte Kamera.</translation>
    </message>
    <message>
        <source>Camera not available.</source>
        <translation>Kamera nicht verfügbar.</translation>
    </message>
    <message>
        <source>The camera sends no picture.</source>
        <translation>Die Kamera liefert kein Bild.</translation>
    </message>
    <message>
        <source>Camera picture not usable.</source>
        <translation>Das Kamerabild ist nicht brauchbar.</translation>
    </message>
    <message>
        <source>The camera is not running.</source>
        <translation>Die Kamera läuft nicht.</translation>
    </message>
    <message>
        <source>The camera is just starting.</source>
        <translation>Die Kamera startet gerade.</translation>
    </message>
    <message>
        <source>Start it first.</source>
        <translation>Starten Sie sie zuerst.</translation>
    </message>
    <message>
        <source>There was no answer in time.</source>
        <translation>Es kam nicht rechtzeitig eine Antwort.</translation>
    </message>
    <message>
        <source>Try again in a moment.</source>
        <translation>Versuchen Sie es gleich noch einmal.</translation>
    </message>
    <message>
        <source>DeepPrivacy Cam is running already (process {0}).</source>
        <translation>DeepPrivacy Cam läuft schon (Prozess {0}).</translation>
    </message>
    <message>
        <source>Use it, or end it with: deepcam stop</source>
        <translation>Benutzen Sie es oder beenden Sie es mit: deepcam stop</translation>
    </message>
    <message>
        <source>Start the program again.</source>
        <translation>Starten Sie das Programm neu.</translation>
    </message>
    <message>
        <source>The output stopped ({0}).</source>
        <translation>Die Ausgabe ist stehen geblieben ({0}).</translation>
    </message>
    <message>
        <source>The face generator stopped ({0}).</source>
        <translation>Der Gesichtsgenerator ist stehen geblieben ({0}).</translation>
    </message>
    <message>
        <source>This computer is too slow for {0}: the picture is made at {1} now.</source>
        <translation>Dieser Rechner ist zu langsam für {0}: Das Bild entsteht jetzt in {1}.</translation>
    </message>
    <message>
        <source>There is no identity model.</source>
        <translation>Das Modell der Gesichter fehlt.</translation>
    </message>
    <message>
        <source>The model {0} is missing.</source>
        <translation>Das Modell {0} fehlt.</translation>
    </message>
    <message>
        <source>Install DeepPrivacy Cam again.</source>
        <translation>Installieren Sie DeepPrivacy Cam neu.</translation>
    </message>
    <message>
        <source>The face tracker&apos;s networks are not on this computer yet.</source>
        <translation>Die Netze der Gesichtsverfolgung sind noch nicht auf diesem Computer.</translation>
    </message>
    <message>
        <source>The tracker&apos;s networks could not be downloaded ({0}).</source>
        <translation>Die Netze der Gesichtsverfolgung konnten nicht geladen werden ({0}).</translation>
    </message>
    <message>
        <source>There is no virtual camera &quot;{0}&quot;.</source>
        <translation>Es gibt keine virtuelle Kamera „{0}“.</translation>
    </message>
    <message>
        <source>The virtual camera {0} does not answer.</source>
        <translation>Die virtuelle Kamera {0} antwortet nicht.</translation>
    </message>
    <message>
        <source>The virtual camera {0} may not be used by this user.</source>
        <translation>Sie dürfen die virtuelle Kamera {0} nicht benutzen.</translation>
    </message>
    <message>
        <source>PipeWire does not run in this session.</source>
        <translation>PipeWire läuft in dieser Sitzung nicht.</translation>
    </message>
    <message>
        <source>The PipeWire library is missing.</source>
        <translation>Die PipeWire-Bibliothek fehlt.</translation>
    </message>
    <message>
        <source>You closed the question for the password.</source>
        <translation>Sie haben die Frage nach dem Passwort geschlossen.</translation>
    </message>
    <message>
        <source>Nothing was changed.</source>
        <translation>Nichts wurde geändert.</translation>
    </message>
    <message>
        <source>The set-up ended early (exit code {0}).</source>
        <translation>Die Einrichtung endete vorzeitig (Code {0}).</translation>
    </message>
    <message>
        <source>An identity called &apos;{0}&apos; exists already.</source>
        <translation>Ein Gesicht namens „{0}“ gibt es schon.</translation>
    </message>
    <message>
        <source>Choose another name.</source>
        <translation>Wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <source>An identity of that name exists again.</source>
        <translation>Ein Gesicht dieses Namens gibt es wieder.</translation>
    </message>
    <message>
        <source>Rename that one, then try once more.</source>
        <translation>Benennen Sie jenes um und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>No identity is called &apos;{0}&apos;.</source>
        <translation>Kein Gesicht heißt „{0}“.</translation>
    </message>
    <message>
        <source>`deepcam identities list` shows the saved ones; a number is taken as a seed.</source>
        <translation>Die Galerie zeigt die gespeicherten.</translation>
    </message>
    <message>
        <source>That cannot be the name of an identity.</source>
        <translation>So kann ein Gesicht nicht heißen.</translation>
    </message>
    <message>
        <source>Use 1 to {0} visible characters, not only digits.</source>
        <translation>Nehmen Sie 1 bis {0} sichtbare Zeichen, nicht nur Ziffern.</translation>
    </message>
    <message>
        <source>{0} is not an identity, or it is damaged.</source>
        <translation>{0} ist keine Gesichtsdatei oder ist beschädigt.</translation>
    </message>
    <message>
        <source>Make a new one with `deepcam identities new`.</source>
        <translation>Erzeugen Sie ein neues Gesicht.</translation>
    </message>
    <message>
        <source>{0} was written by a newer DeepPrivacy Cam.</source>
        <translation>{0} stammt von einem neueren DeepPrivacy Cam.</translation>
    </message>
    <message>
        <source>Install the present version.</source>
        <translation>Installieren Sie die aktuelle Version.</translation>
    </message>
    <message>
        <source>{0} does not exist.</source>
        <translation>{0} gibt es nicht.</translation>
    </message>
    <message>
        <source>Check the name.</source>
        <translation>Prüfen Sie den Namen.</translation>
    </message>
    <message>
        <source>{0} cannot be used: {1}.</source>
        <translation>{0} lässt sich nicht benutzen: {1}.</translation>
    </message>
    <message>
        <source>Choose another place or free it.</source>
        <translation>Wählen Sie einen anderen Ort oder machen Sie ihn frei.</translation>
    </message>
    <message>
        <source>Nothing can be written in the directory {0}.</source>
        <translation>Im Ordner {0} kann nichts gespeichert werden.</translation>
    </message>
    <message>
        <source>Choose another place.</source>
        <translation>Wählen Sie einen anderen Ort.</translation>
    </message>
    <message>
        <source>{0} is taken by another program.</source>
        <translation>{0} gehört einem anderen Programm.</translation>
    </message>
    <message>
        <source>Choose other keys.</source>
        <translation>Wählen Sie andere Tasten.</translation>
    </message>
    <message>
        <source>Choose keys such as Ctrl+Alt+N.</source>
        <translation>Wählen Sie Tasten wie Strg+Alt+N.</translation>
    </message>
    <message>
        <source>&apos;{0}&apos; lacks the key that is pressed.</source>
        <translation>In „{0}“ fehlt die Taste, die gedrückt wird.</translation>
    </message>
    <message>
        <source>{0} is needed for writing.</source>
        <translation>{0} wird zum Schreiben gebraucht.</translation>
    </message>
    <message>
        <source>Hold Ctrl or Alt with it, as in Ctrl+Alt+N.</source>
        <translation>Halten Sie Strg oder Alt dazu, wie in Strg+Alt+N.</translation>
    </message>
    <message>
        <source>{0} belongs to the desktop.</source>
        <translation>{0} gehört der Arbeitsumgebung.</translation>
    </message>
    <message>
        <source>Every program needs {0} itself.</source>
        <translation>Jedes Programm braucht {0} selbst.</translation>
    </message>
    <message>
        <source>Windows keeps {0} for itself.</source>
        <translation>Windows behält {0} für sich.</translation>
    </message>
    <message>
        <source>In &apos;{0}&apos;, {1} is no key that can be a hotkey.</source>
        <translation>In {0} ist {1} keine mögliche Taste.</translation>
    </message>
    <message>
        <source>Choose a letter, a digit or a function key.</source>
        <translation>Wählen Sie einen Buchstaben, eine Ziffer oder eine Funktionstaste.</translation>
    </message>
    <message>
        <source>The present keyboard layout has no {0} key.</source>
        <translation>Die jetzige Tastaturbelegung hat keine Taste {0}.</translation>
    </message>
    <message>
        <source>The desktop refused the hotkeys.</source>
        <translation>Die Arbeitsumgebung hat die Tasten abgelehnt.</translation>
    </message>
    <message>
        <source>The desktop&apos;s question about hotkeys was declined.</source>
        <translation>Die Frage der Arbeitsumgebung nach den Tasten wurde verneint.</translation>
    </message>
    <message>
        <source>The desktop&apos;s question about hotkeys was not answered.</source>
        <translation>Die Frage der Arbeitsumgebung nach den Tasten blieb ohne Antwort.</translation>
    </message>
    <message>
        <source>The desktop did not answer.</source>
        <translation>Die Arbeitsumgebung antwortet nicht.</translation>
    </message>
    <message>
        <source>The desktop ended the hotkeys.</source>
        <translation>Die Arbeitsumgebung hat die Tasten beendet.</translation>
    </message>
    <message>
        <source>Save the settings again to get them back.</source>
        <translation>Speichern Sie die Einstellungen noch einmal, um sie zurückzubekommen.</translation>
    </message>
    <message>
        <source>This desktop gives programs no hotkeys.</source>
        <translation>Diese Arbeitsumgebung gibt Programmen keine Tasten.</translation>
    </message>
    <message>
        <source>This session has no message bus for hotkeys.</source>
        <translation>Diese Sitzung hat keinen Nachrichtenbus für die Tasten.</translation>
    </message>
    <message>
        <source>Without a desktop there are no hotkeys.</source>
        <translation>Ohne Arbeitsumgebung gibt es keine Tasten.</translation>
    </message>
    <message>
        <source>The hotkeys are switched off.</source>
        <translation>Die Tasten sind ausgeschaltet.</translation>
    </message>
    <message>
        <source>Give the command `{0}` a key in the desktop&apos;s keyboard settings.</source>
        <translation>Geben Sie dem Befehl „{0}“ eine Taste in den Tastatureinstellungen der Arbeitsumgebung.</translation>
    </message>
    <message>
        <source>The settings cannot be kept in {0} ({1}).</source>
        <translation>Die Einstellungen lassen sich nicht in {0} speichern ({1}).</translation>
    </message>
    <message>
        <source>Make that directory writable; until then they end with the program.</source>
        <translation>Machen Sie den Ordner schreibbar; bis dahin gelten sie, bis das Programm endet.</translation>
    </message>
    <message>
        <source>The settings in {0} cannot be read ({1}); the defaults are used.</source>
        <translation>Die Einstellungen in {0} sind nicht lesbar ({1}); es gelten die Voreinstellungen.</translation>
    </message>
    <message>
        <source>{0} is not a settings file; the defaults are used.</source>
        <translation>{0} ist keine Einstellungsdatei; es gelten die Voreinstellungen.</translation>
    </message>
    <message>
        <source>The settings file was damaged: it lies in {0} now, and the defaults are used.</source>
        <translation>Die Einstellungsdatei war beschädigt: Sie liegt jetzt in {0}, und es gelten die Voreinstellungen.</translation>
    </message>
    <message>
        <source>The setting {0} cannot be used; its default is taken.</source>
        <translation>Die Einstellung {0} ist nicht brauchbar; es gilt die Voreinstellung.</translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message>
        <source>There is no camera.</source>
        <translation>Es gibt keine Kamera.</translation>
    </message>
    <message>
        <source>&amp;On</source>
        <translation>&amp;Ein</translation>
    </message>
    <message>
        <source>&amp;Off (standby card)</source>
        <translation>&amp;Aus (Pausenbild)</translation>
    </message>
    <message>
        <source>&amp;Standby card at once</source>
        <translation>Pausenbild &amp;sofort</translation>
    </message>
    <message>
        <source>&amp;New face</source>
        <translation>&amp;Neues Gesicht</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>&amp;Rückgängig</translation>
    </message>
    <message>
        <source>&amp;Faces</source>
        <translation>&amp;Gesichter</translation>
    </message>
    <message>
        <source>&amp;Camera</source>
        <translation>&amp;Kamera</translation>
    </message>
    <message>
        <source>Show the &amp;window</source>
        <translation>&amp;Fenster zeigen</translation>
    </message>
    <message>
        <source>S&amp;ettings…</source>
        <translation>Eins&amp;tellungen…</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Beenden</translation>
    </message>
    <message>
        <source>protected</source>
        <translation>geschützt</translation>
    </message>
    <message>
        <source>standby</source>
        <translation>Pause</translation>
    </message>
    <message>
        <source>fault</source>
        <translation>Störung</translation>
    </message>
    <message>
        <source>No face is saved yet.</source>
        <translation>Noch ist kein Gesicht gespeichert.</translation>
    </message>
    <message>
        <source>&amp;Gallery…</source>
        <translation>&amp;Galerie…</translation>
    </message>
</context>
<context>
    <name>WelcomeStep</name>
    <message>
        <source>Be in the call. Keep your face.</source>
        <translation>Im Gespräch dabei. Das Gesicht bleibt bei Ihnen.</translation>
    </message>
    <message>
        <source>In calls, others see you move, speak and blink, with the face of somebody who does not exist. Your own picture never leaves this computer.</source>
        <translation>In Gesprächen sehen andere, wie Sie sich bewegen, sprechen und blinzeln, mit dem Gesicht eines Menschen, den es nicht gibt. Ihr eigenes Bild verlässt diesen Rechner nie.</translation>
    </message>
    <message>
        <source>Hidden</source>
        <translation>Verborgen</translation>
    </message>
    <message>
        <source>Not hidden</source>
        <translation>Nicht verborgen</translation>
    </message>
    <message>
        <source>If your face cannot be followed for a moment, a plain cover or a standby card is shown. No button and no key shows your own face.</source>
        <translation>Lässt sich Ihr Gesicht einen Moment nicht verfolgen, wird eine schlichte Abdeckung oder ein Pausenbild gezeigt. Kein Knopf und keine Taste zeigt Ihr eigenes Gesicht.</translation>
    </message>
    <message>
        <source>Your face: eyes, nose, mouth, and all that is yours alone in it.</source>
        <translation>Ihr Gesicht: Augen, Nase, Mund und alles, was daran nur Ihnen gehört.</translation>
    </message>
    <message>
        <source>Hair, ears, neck, body and clothes, your room, your voice and what you say; and roughly how old you are and how light your skin is, because the new face matches them. Whoever knows you well may know you by these.</source>
        <translation>Haare, Ohren, Hals, Körper und Kleidung, Ihr Zimmer, Ihre Stimme und was Sie sagen; damit auch Ihr ungefähres Alter und der Ton Ihrer Haut, die das neue Gesicht übernimmt. Wer Sie gut kennt, erkennt Sie vielleicht daran.</translation>
    </message>
</context>
<context>
    <name>WishSliders</name>
    <message>
        <source>Apparent age</source>
        <translation>Scheinbares Alter</translation>
    </message>
    <message>
        <source>young</source>
        <translation>jung</translation>
    </message>
    <message>
        <source>rather young</source>
        <translation>eher jung</translation>
    </message>
    <message>
        <source>middle-aged</source>
        <translation>mittleren Alters</translation>
    </message>
    <message>
        <source>older</source>
        <translation>älter</translation>
    </message>
    <message>
        <source>old</source>
        <translation>alt</translation>
    </message>
    <message>
        <source>Feminine to masculine</source>
        <translation>Weiblich bis männlich</translation>
    </message>
    <message>
        <source>feminine</source>
        <translation>weiblich</translation>
    </message>
    <message>
        <source>rather feminine</source>
        <translation>eher weiblich</translation>
    </message>
    <message>
        <source>in between</source>
        <translation>dazwischen</translation>
    </message>
    <message>
        <source>rather masculine</source>
        <translation>eher männlich</translation>
    </message>
    <message>
        <source>masculine</source>
        <translation>männlich</translation>
    </message>
    <message>
        <source>Skin tone, dark to light</source>
        <translation>Haut, dunkel bis hell</translation>
    </message>
    <message>
        <source>dark</source>
        <translation>dunkel</translation>
    </message>
    <message>
        <source>rather dark</source>
        <translation>eher dunkel</translation>
    </message>
    <message>
        <source>medium</source>
        <translation>mittel</translation>
    </message>
    <message>
        <source>rather light</source>
        <translation>eher hell</translation>
    </message>
    <message>
        <source>light</source>
        <translation>hell</translation>
    </message>
    <message>
        <source>Ticked: chance decides. Not ticked: the slider decides.</source>
        <translation>Angekreuzt: Der Zufall entscheidet. Nicht angekreuzt: Der Regler entscheidet.</translation>
    </message>
    <message>
        <source>any</source>
        <translation>egal</translation>
    </message>
    <message>
        <source>Any</source>
        <translation>Egal</translation>
    </message>
    <message>
        <source>{0}: any</source>
        <translation>{0}: egal</translation>
    </message>
</context>
<context>
    <name>_Menu</name>
    <message>
        <source>Built-in camera</source>
        <translation>Eingebaute Kamera</translation>
    </message>
</context>
</TS>
