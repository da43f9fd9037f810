@echo off
rem Loads the exports and makes the report of last week, in the folder that this file lies in.
rem Ends with 0 if all is well, 1 if a file of exports gave no row, 2 if there is no report.
chcp 65001 >nul
cd /d "%~dp0" || exit /b 2
for /f %%d in ('powershell -NoProfile -Command "Get-Date -Format yyyy-MM-dd"') do set TODAY=%%d

voronka ingest --mapping mapping.toml exports >>weekly.log 2>&1
set LOADED=%ERRORLEVEL%
rem nothing was stored: the report would show old numbers under a new date
if not %LOADED%==0 if not %LOADED%==1 exit /b %LOADED%

voronka report weekly --out "out\%TODAY%" >>weekly.log 2>&1
if not %ERRORLEVEL%==0 exit /b %ERRORLEVEL%
exit /b %LOADED%
