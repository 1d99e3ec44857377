"""A number and its square."""

import streamlit as st

number = st.slider("Number", 0, 10, 3)
st.write(f"{number} squared is {number * number}")
