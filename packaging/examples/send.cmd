@echo off
rem Sends the reports that are due, out of the folder that this file lies in. What went out does not go out again.
rem Passwords and tokens are environment variables of the user that runs this: setx VORONKA_SMTP_PASSWORD "..."
rem Ends with 0 if all is well, 1 if somebody did not get a report, 2 if nothing was sent.
chcp 65001 >nul
cd /d "%~dp0" || exit /b 2
voronka send >>send.log 2>&1
