#!/usr/bin/env bash
# Gathers training sound into one folder as 24 kHz mono FLAC (speech/) and 48 kHz stereo FLAC (music/), and of the music
# tracks that are never trained on ten seconds each (music-eval/, 24 kHz mono).
#
#   training/fetch-data.sh OUT LIBRISPEECH_FOLDER [speech|music|all]
#
# LibriSpeech train-clean-100 (CC BY 4.0, V. Panayotov et al.) from a local folder; the rest from Debian packages:
#   asterisk-core-sounds-{en,es,fr,it,ru}-g722   prompts, one speaker a language (CC BY-SA 3.0)
#   hedgewars-data                               voices and effects (GPL-2)
#   wesnoth-1.16-music (GPL-2+, CC BY-SA 4.0)  warzone2100-music (CC BY-SA 3.0, GPL-2+)
# A file's name begins with its speaker, or its album, and a dash: that is what training splits by.
# Needs apt-get, dpkg and ffmpeg. Files already there are kept, so it can be run again after a stop.
set -euo pipefail
out=$(mkdir -p "$1" && realpath "$1")
libri=$(realpath "$2")
what=${3:-speech}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

# convert IN NAME RATE CHANNELS [format options]
convert() {
  local target=$2.flac
  [ -s "$target" ] && return 0
  mkdir -p "$(dirname "$target")"
  if ffmpeg -nostdin -v error -y "${@:5}" -i "$1" -vn -ar "$3" -ac "$4" -f flac "$target.tmp"; then
    mv "$target.tmp" "$target"
  else
    rm -f "$target.tmp"
    echo "left out $1" >&2
  fi
}

# unpack PACKAGE: gives the folder its files lie in
unpack() {
  (cd "$work" && apt-get download -q "$1" >/dev/null 2>&1 && dpkg -x "$1"_*.deb "$1" && rm "$1"_*.deb)
  echo "$work/$1"
}

# held TRACK: whether a track is kept for evaluation, one in eight, the same ones every time. Versions of one go together.
held() {
  local track=${1%_enhanced}
  case $(printf %s "${track%_old}" | sha256sum) in [01]*) return 0 ;; *) return 1 ;; esac
}

if [ "$what" != music ]; then
  for file in "$libri"/*.flac; do convert "$file" "$out/speech/$(basename "$file" .flac)" 24000 1; done
  for language in en es fr it ru; do
    folder=$(unpack "asterisk-core-sounds-$language-g722")
    # Tones, silence and the like are not speech.
    while read -r file; do
      name=$(basename "$file" .g722)
      size=$(stat -c %s "$file")
      # G.722 is 64 kbps: shorter than 0.75 s is a syllable cut out of its word.
      [ "$size" -ge 6000 ] && convert "$file" "$out/speech/asterisk$language-$name" 24000 1 -f g722
    done < <(find "$folder" -name '*.g722' -not -path '*/silence/*' -not -name 'beep*' | sort)
  done
fi
if [ "$what" != speech ]; then
  for package in wesnoth-1.16-music warzone2100-music; do
    folder=$(unpack "$package")
    while read -r file; do
      track=${package%%-*}_$(basename "${file%.*}" | tr ' -' '__')
      if held "$track"; then
        seconds=$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$file")
        start=$([ "${seconds%.*}" -ge 40 ] && echo 30 || echo 0)
        convert "$file" "$out/music-eval/$track" 24000 1 -ss "$start" -t 10
      else
        convert "$file" "$out/music/$track-track" 48000 2
      fi
    done < <(find "$folder" -name '*.ogg' -o -name '*.opus' | sort)
  done
  folder=$(unpack hedgewars-data)
  while read -r file; do
    voice=$(basename "$(dirname "$file")")
    convert "$file" "$out/music/hedgewars_${voice//-/_}-$(basename "${file%.*}")" 48000 2
  done < <(find "$folder" -path '*Sounds*' -name '*.ogg' | sort)
fi
find "$out" -name '*.flac' | wc -l
