"""First and last names by country."""

from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace("\n", " ").split())


@dataclass(frozen=True)
class Names:
    """The names of one country."""

    first: tuple[str, ...]
    last: tuple[str, ...]


GERMAN = Names(
    _words(
        """
        Andrea Anja Anna Anton Birgit Charlotte Christian Claudia Daniel Emil Emma Eva Felix Finn
        Florian Frank Greta Hanna Heike Henrik Ida Ines Jan Jana Johanna Jonas Julia Karin Katrin Klara
        Lars Laura Lena Leon Lukas Marie Markus Martin Mathilde Matthias Mia Moritz Nils Nina Oskar Paul
        Petra Sabine Sandra Sebastian Simon Sophie Stefan Susanne Thomas Tobias Uwe Vera Volker Wiebke
        """
    ),
    _words(
        """
        Albrecht Arnold Bauer Becker Berger Böhm Brandt Braun Busch Dietrich Engel Fischer Frank Franke
        Graf Günther Haas Hartmann Heinrich Herrmann Hoffmann Huber Jäger Jung Kaiser Keller Klein Koch
        Köhler König Kraus Krüger Kuhn Lang Lange Lehmann Lorenz Ludwig Maier Mayer Meyer Möller Müller
        Neumann Otto Peters Pfeiffer Pohl Richter Roth Sauer Schäfer Schmidt Schneider Scholz Schröder
        Schubert Schulz Schuster Schwarz Seidel Simon Sommer Stein Vogel Vogt Wagner Walter Weber Weiß
        Werner Winkler Winter Wolf Zimmermann
        """
    ),
)
BRITISH = Names(
    _words(
        """
        Alice Amy Andrew Anna Ben Callum Catherine Charlotte Claire Daniel David Eleanor Emily Emma
        Fiona George Grace Hannah Harriet Harry Helen Isla Jack James Jane Joanna Joe Kate Laura Leo
        Lucy Mark Matthew Megan Michael Nicola Oliver Owen Paul Peter Philippa Rachel Rebecca Robert
        Rosie Ruth Sam Sarah Sophie Stephen Susan Thomas Tom Will
        """
    ),
    _words(
        """
        Adams Allen Atkinson Baker Barnes Bennett Brown Carter Chapman Clarke Cole Collins Cook Cooper
        Davies Dixon Edwards Ellis Evans Fletcher Foster Gibson Graham Gray Green Griffiths Hall Harris
        Harrison Hill Holmes Hughes Hunt Jackson James Johnson Jones Kelly Knight Lewis Marshall Mason
        Matthews Mills Mitchell Moore Morgan Morris Murray O’Brien Owen Palmer Parker Pearson Phillips
        Powell Price Reid Reynolds Richardson Roberts Robinson Shaw Simpson Stevens Taylor Thompson
        Turner Walker Ward Watson Webb White Wilkinson Wood Wright
        """
    ),
)
FRENCH = Names(
    _words(
        """
        Adèle Agnès Alice Amélie Antoine Arnaud Benoît Camille Catherine Cécile Céline Chloé Claire
        Clément Damien David Delphine Élise Émilie Étienne Fabien Florence François Guillaume Hélène
        Hugo Inès Isabelle Jean-Luc Jeanne Julie Julien Laure Léa Louis Lucie Manon Marc Margaux Marie
        Mathieu Nathalie Nicolas Olivier Pauline Pierre Romain Sébastien Sophie Sylvie Théo Thomas
        Valérie Vincent
        """
    ),
    _words(
        """
        André Aubert Barbier Benoît Bernard Bertrand Blanc Blanchard Bonnet Boucher Brun Carpentier
        Chevalier Colin David Deschamps Dubois Dufour Dumas Dumont Dupont Durand Fabre Faure Fleury
        Fontaine Fournier Gaillard Garnier Gauthier Girard Guérin Henry Hubert Lacroix Lambert Laurent
        Leclerc Lefèvre Legrand Lemaire Leroux Leroy Lucas Marchand Martin Masson Mercier Meunier Michel
        Moreau Morel Morin Muller Noël Olivier Perrin Petit Picard Renard Renaud Rey Richard Robert
        Rousseau Roux Roy Simon Thomas Vidal Vincent
        """
    ),
)
SWEDISH = Names(
    _words(
        """
        Agnes Albin Alma Anders Anna Astrid Axel Björn Carl Cecilia Ebba Elin Elsa Emma Erik Eva Felix
        Filip Frida Gustav Hanna Henrik Hugo Ida Ingrid Jakob Johan Jonas Josefin Karin Kerstin Klara
        Lars Linnéa Linus Maja Maria Märta Mats Mikael Moa Nils Oskar Per Petra Sara Signe Simon Sofia
        Stina Sven Tove Ulf Åsa
        """
    ),
    _words(
        """
        Åberg Åkesson Almqvist Andersson Arvidsson Axelsson Bengtsson Berg Berglund Bergström Björk Blom
        Carlsson Dahl Ek Eklund Engström Eriksson Forsberg Fransson Gustafsson Hansson Hedlund Hellström
        Holm Holmberg Isaksson Jakobsson Jansson Johansson Jonsson Karlsson Larsson Lind Lindberg
        Lindgren Lindqvist Lindström Lund Lundberg Lundgren Lundqvist Magnusson Mattsson Nilsson Norberg
        Nordin Nyberg Nyström Olsson Persson Pettersson Sandberg Sjöberg Ström Sundberg Svensson Wallin
        Wikström
        """
    ),
)
# Names of people from other countries.
FROM_AFAR = (
    Names(
        _words(
            """
            Ayşe Burak Can Cem Deniz Ebru Elif Emre Esra Kemal Leyla Mehmet Merve Selin Tarık Zeynep
            """
        ),
        _words(
            """
            Arslan Aydın Çelik Demir Doğan Kaya Kılıç Koç Kurt Öztürk Şahin Yıldırım Yıldız Yılmaz
            """
        ),
    ),
    Names(
        _words(
            """
            Agnieszka Barbara Dorota Ewa Grzegorz Jakub Joanna Kasia Łukasz Marek Paweł Piotr Tomasz Wanda
            """
        ),
        _words(
            """
            Baran Dudek Duda Górski Jabłoński Kaczmarek Kowalczyk Krawczyk Lis Mazur Nowak Pawlak Wójcik
            Wrona
            """
        ),
    ),
    Names(
        _words(
            """
            Alessandra Bianca Chiara Davide Elena Francesca Giulia Lorenzo Luca Marco Matteo Paola Sara
            Silvia
            """
        ),
        _words(
            """
            Bianchi Bruno Conti Costa D’Angelo Esposito Ferrari Gallo Greco Marino Moretti Ricci Rizzo
            Romano Rossi
            """
        ),
    ),
    Names(
        _words(
            """
            Amit Anjali Arjun Deepa Divya Farah Imran Kavita Meera Nadia Neha Omar Priya Rahul Ravi Sana
            """
        ),
        _words(
            """
            Ahmed Chaudhry Gupta Iqbal Kapoor Khan Kumar Malik Mehta Nair Patel Rao Shah Sharma Singh
            """
        ),
    ),
)
