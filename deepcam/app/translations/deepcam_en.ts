<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en_US">
<context>
    <name>Faces</name>
    <message numerus="yes">
        <source>looks about %n</source>
        <translation>
            <numerusform>looks about %n</numerusform>
            <numerusform>looks about %n</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>HelpWindow</name>
    <message numerus="yes">
        <source>%n thing(s) keep the camera from working.</source>
        <translation>
            <numerusform>%n thing keeps the camera from working.</numerusform>
            <numerusform>%n things keep the camera from working.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Preview</name>
    <message numerus="yes">
        <source>%n frames/s</source>
        <translation>
            <numerusform>%n frame/s</numerusform>
            <numerusform>%n frames/s</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n ms latency</source>
        <translation>
            <numerusform>%n ms latency</numerusform>
            <numerusform>%n ms latency</numerusform>
        </translation>
    </message>
</context>
</TS>
