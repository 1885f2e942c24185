"""Where the sample tickets happen: Kenyan clusters with their region, a point and a few areas.

The points are good to about a kilometre: enough for a demo's map, and no gazetteer.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One cluster: `region` is spelled as the feed spells it, the point is in degrees."""

    cluster: str
    region: str
    longitude: float
    latitude: float
    areas: tuple[str, ...]


_NAIROBI = "NAIROBI"
_UPCOUNTRY = "Upcountry"
_MOUNT_KENYA = "Mount Kenya"
_COAST = "COAST"


def _place(cluster: str, region: str, longitude: float, latitude: float, areas: str) -> Place:
    return Place(cluster, region, longitude, latitude, tuple(areas.split(", ")))


PLACES: tuple[Place, ...] = (
    _place(
        "Kilimani", _NAIROBI, 36.785, -1.290, "Kileleshwa, Lavington Estate, Ring Road Kilimani"
    ),
    _place("Athi River", _UPCOUNTRY, 36.978, -1.456, "Athi River, Greatwall Gardens, Sabaki"),
    _place("Nakuru", _UPCOUNTRY, 36.070, -0.303, "Milimani, Section 58, Lanet, Naka"),
    _place("Eldoret", _UPCOUNTRY, 35.270, 0.514, "Elgon View, Langas, Pioneer, Annex"),
    _place("Kasarani", _NAIROBI, 36.897, -1.222, "Kasarani, Mwiki, Zimmerman, Hunters"),
    _place("Mombasa", _COAST, 39.668, -4.043, "Nyali, Port Reitz, Tudor, Fatuma Plaza, Bamburi"),
    _place("Kisumu", _UPCOUNTRY, 34.762, -0.092, "Milimani, Nyalenda, Mamboleo, Tom Mboya"),
    _place("Westlands", _NAIROBI, 36.805, -1.265, "Parklands, Gigiri, Spring Valley, Brookside"),
    _place("Embakasi", _NAIROBI, 36.900, -1.315, "Nyayo Estate Gate C, Imara Daima, Tassia, Fedha"),
    _place("Machakos", _UPCOUNTRY, 37.262, -1.518, "Machakos, Muthini, Katoloni, Miwani"),
    _place("Embu", _MOUNT_KENYA, 37.457, -0.531, "Embu, Majimbo, Kangaru, Blue Valley"),
    _place("Thika", _MOUNT_KENYA, 37.069, -1.033, "Makongeni, Section 9, Landless, Makutano"),
    _place("Roysambu", _NAIROBI, 36.886, -1.218, "Thika Road Mall, Lumumba Drive, Garden Estate"),
    _place("Donholm", _NAIROBI, 36.890, -1.295, "Donholm Phase 5, Greenfields, Savannah"),
    _place("Umoja", _NAIROBI, 36.897, -1.282, "Umoja 1, Umoja 2, Innercore, Tena"),
    _place("Kitengela", _UPCOUNTRY, 36.960, -1.475, "Kitengela, Acacia, Yukos, Milimani"),
    _place("Ongata Rongai", _NAIROBI, 36.743, -1.396, "Rongai, Maasai Lodge, Kware, Tuala"),
    _place("Kikuyu", _MOUNT_KENYA, 36.663, -1.246, "Kikuyu, Gitaru, Kinoo, Thogoto"),
    _place("Buru Buru", _NAIROBI, 36.878, -1.289, "Buru Buru Phase 1, Buru Buru Phase 4, Mutindwa"),
    _place("Ruiru", _MOUNT_KENYA, 36.961, -1.149, "Membley, Kimbo, Kamakis, Toll"),
    _place("Lang'ata", _NAIROBI, 36.757, -1.342, "Lang'ata, NHC Langata, Otiende, Onyonka"),
    _place("Karen", _NAIROBI, 36.713, -1.319, "Karen C, Hardy, Bomas, Marula Lane"),
    _place("Kahawa", _NAIROBI, 36.917, -1.187, "Kahawa Sukari, Kahawa Wendani, Kahawa West"),
    _place("Syokimau", _UPCOUNTRY, 36.935, -1.365, "Syokimau, Katani, Airport View"),
    _place("Ngong", _NAIROBI, 36.654, -1.362, "Ngong, Matasia, Kibiko, Bulbul"),
    _place("South B", _NAIROBI, 36.834, -1.311, "South B, Plainsview, Hazina, Mariakani"),
    _place("South C", _NAIROBI, 36.828, -1.320, "South C, Mugoya, Akila, Bellevue"),
    _place("Eastleigh", _NAIROBI, 36.851, -1.275, "Eastleigh North, Section 3, Pumwani"),
    _place("Nairobi West", _NAIROBI, 36.820, -1.309, "Nairobi West, Madaraka, Kodi"),
    _place("Lunga Lunga", _NAIROBI, 36.872, -1.309, "Lunga Lunga, Sinai, Viwandani"),
    _place("Runda", _NAIROBI, 36.816, -1.218, "Runda Mumwe, Runda Evergreen, Mimosa"),
    _place("Ruaka", _MOUNT_KENYA, 36.783, -1.209, "Ruaka, Ndenderu, Joyland, Gacharage"),
    _place("Mlolongo", _UPCOUNTRY, 36.942, -1.395, "Mlolongo, Phase 3, Sabaki"),
    _place("Naivasha", _UPCOUNTRY, 36.432, -0.717, "Naivasha, Kabati, Lakeview, Karagita"),
    _place("Nyeri", _MOUNT_KENYA, 36.951, -0.420, "Nyeri, Ruringu, Kamakwa, Skuta"),
    _place("Meru", _MOUNT_KENYA, 37.650, 0.047, "Meru, Makutano, Kinoru, Milimani"),
    _place("Nanyuki", _MOUNT_KENYA, 37.074, 0.016, "Nanyuki, Mt Kenya, Thingithu, Muthaiga"),
    _place("Murang'a", _MOUNT_KENYA, 37.150, -0.721, "Murang'a Town, Mumbi, Kiharu"),
    _place("Kericho", _UPCOUNTRY, 35.284, -0.368, "Kericho, Nyagacho, Kapsoit"),
    _place("Kakamega", _UPCOUNTRY, 34.752, 0.283, "Kakamega, Lurambi, Milimani, Amalemba"),
    _place("Kisii", _UPCOUNTRY, 34.766, -0.677, "Kisii, Nyanchwa, Mwembe, Jogoo"),
    _place("Malindi", _COAST, 40.117, -3.218, "Malindi, Casuarina, Shella, Barani"),
    _place("Kilifi", _COAST, 39.850, -3.631, "Kilifi, Mnarani, Bofa, Mtondia"),
    _place("Diani", _COAST, 39.575, -4.279, "Diani, Ukunda, Mwabungo, Galu"),
)
"""Busy clusters come first: the sample stream gives them more tickets."""
