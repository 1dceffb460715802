"""Evaluates the alerts of infra/ over the lines that arrived, and makes what each of them is for."""
