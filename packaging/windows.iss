; Installer for Windows, by Inno Setup; packaging/make_bundle.py gives VERSION and SOURCE.
[Setup]
AppName=ATM Viewer
AppVersion={#VERSION}
DefaultDirName={autopf}\ATM Viewer
DefaultGroupName=ATM Viewer
PrivilegesRequired=lowest
ArchitecturesInstallIn64BitMode=x64compatible
LicenseFile=..\LICENSE
ChangesAssociations=yes

[Files]
Source: "{#SOURCE}\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{group}\ATM Viewer"; Filename: "{app}\atm-viewer-window.exe"

[Registry]
Root: HKA; Subkey: "Software\Classes\.fits\OpenWithProgids"; ValueType: string; ValueName: "ATMViewer.fits"; ValueData: ""; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\ATMViewer.fits\shell\open\command"; ValueType: string; ValueData: """{app}\atm-viewer-window.exe"" ""%1"""; Flags: uninsdeletekey
